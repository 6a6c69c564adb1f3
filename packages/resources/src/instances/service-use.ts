import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { isProcessAlive, ownProcess, type ProcessIdentity } from "@netra-apex/core";
import type { InstanceRegistry } from "./instance-registry.ts";

/** A run, or another program, that uses a service which stays up. */
export interface ServiceUse {
  readonly projectRoot: string;
  readonly service: string;
  readonly process: ProcessIdentity;
  readonly runId?: string;
}

let lastUse = 0;

/** Says that this process uses a service, until the returned function is called or the process is gone. */
export function useService(registry: InstanceRegistry, use: Omit<ServiceUse, "process">): () => void {
  lastUse += 1;
  const file = path.join(directoryOf(registry), `${process.pid}-${Date.now()}-${lastUse}.json`);
  try {
    mkdirSync(directoryOf(registry), { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify({ ...use, process: ownProcess() } satisfies ServiceUse), { mode: 0o600 });
  } catch {
    // Where nothing can be kept, nothing stays up either.
  }
  return () => rmSync(file, { force: true });
}

/** Who else uses a service at this moment. */
export function otherUses(
  registry: InstanceRegistry,
  { projectRoot, service }: Pick<ServiceUse, "projectRoot" | "service">,
): readonly ServiceUse[] {
  return usesIn(directoryOf(registry)).filter(
    (use) => use.projectRoot === projectRoot && use.service === service && use.process.pid !== process.pid,
  );
}

/** For people: `a run (20260131-142530-ab12cd34, pid 123)`. */
export function describeUse({ runId, process: { pid } }: ServiceUse): string {
  return runId === undefined ? `another apex (pid ${pid})` : `a run (${runId}, pid ${pid})`;
}

function directoryOf({ directory }: InstanceRegistry): string {
  return path.join(directory, "uses");
}

/** Files of processes that are gone are removed on the way. */
function usesIn(directory: string): ServiceUse[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const file = path.join(directory, name);
    try {
      const use = JSON.parse(readFileSync(file, "utf8")) as ServiceUse;
      if (isProcessAlive(use.process) !== false) return [use];
      rmSync(file, { force: true });
    } catch {
      // It is being written, or removed, at this moment.
    }
    return [];
  });
}
