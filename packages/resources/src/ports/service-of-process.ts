import { isProcessAlive } from "@netra-apex/core";
import { type ProcessLine, readProcess, variableOf } from "../command/process-table.ts";
import { serviceVariable } from "../command/service-tree.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";

/** The service that a process is part of, if it is one that apex has started. */
export function serviceOfProcess(pid: number, records: readonly InstanceRecord[]): InstanceRecord | undefined {
  const ids = variableOf(pid, serviceVariable)?.split(" ") ?? [];
  const marked = records.findLast(({ id }) => ids.includes(id));
  if (marked) return marked;
  const family = [...ancestors(pid)];
  return records.find(({ what }) => {
    if (what.kind !== "command") return false;
    const leader = what.process.pid;
    if (!family.some((line) => [line.pid, line.group, line.session].includes(leader))) return pid === leader;
    // A group may outlive the process that it is named after; another process with its pid is somebody else.
    return isProcessAlive(what.process) === true || readProcess(leader) === undefined;
  });
}

/** A process, and those that it descends from. */
function* ancestors(pid: number): Generator<ProcessLine> {
  for (let line = readProcess(pid); line && line.pid > 1; line = readProcess(line.parent)) yield line;
}
