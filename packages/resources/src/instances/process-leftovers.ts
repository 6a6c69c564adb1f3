import { rmSync } from "node:fs";
import process from "node:process";
import { isProcessAlive } from "@netra-apex/core";
import { isInstanceAlive } from "../command/command-provider.ts";
import { endService } from "../command/end-service.ts";
import { commandLineOf, readProcesses, variableOf } from "../command/process-table.ts";
import { type CommandRecord, isCommandRecord, removeInstance } from "../command/remove-instance.ts";
import { serviceVariable, ServiceTree } from "../command/service-tree.ts";
import { ServiceError } from "../service-error.ts";
import { type InstanceRegistry, isOwnerAlive } from "./instance-registry.ts";

/** Something that apex has started or made, and that nobody is going to remove. */
export interface Leftover {
  readonly kind: "process" | "files";
  /** For people, in one line. */
  readonly description: string;
  /** Ends and removes it. Idempotent; rejects with an `ApexError` that says what is left. */
  remove(): Promise<void>;
}

/** What is left of services that were processes: of owners that are gone, and of those that were to stay and have ended. */
export function findProcessLeftovers(registry: InstanceRegistry): readonly Leftover[] {
  const { records, unreadable } = registry.list();
  const recorded = records
    .filter((record) => isCommandRecord(record))
    .flatMap((record) => ofRecord(record, registry) ?? []);
  const files = unreadable.map(({ file, reason }): Leftover => ({
    kind: "files",
    description: `${file} should tell of a service, and cannot be read: ${reason}`,
    remove: async () => rmSync(file, { force: true }),
  }));
  return [...recorded, ...unrecorded(registry), ...files];
}

function ofRecord(record: CommandRecord, registry: InstanceRegistry): Leftover | undefined {
  const { service, projectRoot, what, keep, directory, logFile } = record;
  const isAlive = isInstanceAlive(record);
  if (keep ? isAlive !== false : isOwnerAlive(record) !== false) return undefined;
  const remove = (): Promise<void> => removeInstance(record, registry);
  const whose = `the service ${service} of ${projectRoot}`;
  if (isAlive === true) {
    const description = `${whose}: process ${what.process.pid} (${what.commandLine.slice(0, 200)}), whose apex is gone`;
    return { kind: "process", description, remove };
  }
  const files = [directory, logFile].filter((file) => file !== undefined).join(" and ");
  return { kind: "files", description: `${whose}, which has ended: ${files || "its record"}`, remove };
}

/** Processes that carry the mark of this registry, and of which it knows nothing. */
function unrecorded(registry: InstanceRegistry): Leftover[] {
  if (process.platform !== "linux") return [];
  const pids = new Map<string, number[]>();
  for (const { pid } of readProcesses()) {
    for (const id of variableOf(pid, serviceVariable)?.split(" ") ?? []) {
      if (id.startsWith(`${registry.key}-`)) pids.set(id, [...(pids.get(id) ?? []), pid]);
    }
  }
  // Read after the processes: what has been entered in between is known.
  const known = new Set(registry.list().records.map(({ id }) => id));
  return [...pids].flatMap(([id, found]) => (known.has(id) || isMakerAlive(id) ? [] : [ofMark(id, found)]));
}

function ofMark(id: string, pids: readonly number[]): Leftover {
  const lines = pids.map((pid) => `${pid} (${commandLineOf(pid) ?? "its command line cannot be seen"})`);
  return {
    kind: "process",
    description: `${pids.length === 1 ? "process" : "processes"} ${lines.join(", ")} of a service that nothing else is known of`,
    remove: async () => {
      const left = await endService(new ServiceTree({ id }), { stopSignal: "SIGTERM", stopTimeoutMs: 10_000 });
      if (left.length === 0) return;
      const fix = `sudo kill -9 ${left.join(" ")}`;
      throw new ServiceError("unknown", `${left.join(", ")} could not be ended`, { fix });
    },
  };
}

/** The inverse of `InstanceRegistry.newId`, as far as it tells who has made an id. */
function isMakerAlive(id: string): boolean {
  const [, place = "", pid, startedAt = ""] = id.split("-");
  return isProcessAlive({ pid: Number(pid), place, startedAt }) !== false;
}
