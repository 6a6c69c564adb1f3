import { rmSync } from "node:fs";
import { describeThrown } from "@netra-apex/core";
import type { StopOptions } from "../instance.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";
import type { InstanceRegistry } from "../instances/instance-registry.ts";
import { ServiceError } from "../service-error.ts";
import { endService } from "./end-service.ts";
import { ServiceTree } from "./service-tree.ts";

/** A record of a process. */
export type CommandRecord = InstanceRecord & { readonly what: Extract<InstanceRecord["what"], { kind: "command" }> };

/** Whether a record is one of a process. */
export function isCommandRecord(record: InstanceRecord): record is CommandRecord {
  return record.what.kind === "command";
}

/**
 * Ends all processes of a service and removes what goes with it, its record last. Rejects with a `ServiceError` that says what is
 * left; the record stays then. `onEnded` is called in between.
 */
export async function removeInstance(
  record: CommandRecord,
  registry: InstanceRegistry,
  { onEnded, killNow }: { readonly onEnded?: () => void } & StopOptions = {},
): Promise<void> {
  const { id, service, what, directory, logFile } = record;
  const left = await endService(new ServiceTree({ id, leader: what.process }), {
    stopSignal: what.stopSignal ?? "SIGTERM",
    stopTimeoutMs: what.stopTimeoutMs,
    killNow,
  });
  if (left.length > 0) {
    const message = `${service} could not be stopped: ${left.length === 1 ? "process" : "processes"} ${left.join(", ")} still there`;
    throw new ServiceError(service, message, { fix: `sudo kill -9 ${left.join(" ")}` });
  }
  onEnded?.();
  for (const file of [directory, logFile]) {
    if (file !== undefined) removeFiles(file, service);
  }
  registry.remove(id);
}

function removeFiles(file: string, service: string): void {
  try {
    rmSync(file, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    const message = `${service} has left ${file}, which cannot be removed: ${describeThrown(error)}`;
    throw new ServiceError(service, message, { fix: `sudo rm -rf ${file}`, cause: error });
  }
}
