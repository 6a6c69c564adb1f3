import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** Where the kernel tells of memory. */
export interface MemoryFiles {
  readonly proc?: string;
  readonly controlGroups?: string;
}

/**
 * Memory that can be had now without anything being swapped out or killed, in bytes: what the machine has, and what the limits of
 * the control groups (version 1 and 2) leave that this process is in. What the kernel only keeps of files counts as free.
 */
export function availableMemoryBytes({ proc = "/proc", controlGroups = "/sys/fs/cgroup" }: MemoryFiles = {}): number {
  const groups = groupDirectories(read(path.join(proc, "self/cgroup")) ?? "", controlGroups);
  const left = groups.flatMap((directory) => leftInGroup(directory) ?? []);
  return Math.min(availableOnMachine(proc), ...left);
}

function availableOnMachine(proc: string): number {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(read(path.join(proc, "meminfo")) ?? "") ?? [];
  return kibibytes === undefined ? os.freemem() : Number(kibibytes) * 1_024;
}

/** Of the groups that this process is in, and all those around them: each may have a limit. */
function groupDirectories(memberships: string, root: string): string[] {
  return memberships.split("\n").flatMap((line) => {
    const [number, controllers = "", ...rest] = line.split(":");
    const isUnified = number === "0" && controllers === "";
    if (!isUnified && !controllers.split(",").includes("memory")) return [];
    const base = isUnified ? root : path.join(root, "memory");
    const directories: string[] = [base];
    // Inside a container the path may be that of the machine, which is not there: then its own is the root.
    for (
      let group = rest.join(":");
      group !== "" && group !== "/" && group !== ".";
      group = path.posix.dirname(group)
    ) {
      directories.push(path.join(base, group));
    }
    return directories;
  });
}

function leftInGroup(directory: string): number | undefined {
  const number = (...names: string[]): number => {
    const text = names.map((name) => read(path.join(directory, name))).find((one) => one !== undefined);
    return text === undefined ? Number.NaN : Number(text);
  };
  // No limit is the word "max", or a number beyond all memory.
  const limit = number("memory.max", "memory.limit_in_bytes");
  const usage = number("memory.current", "memory.usage_in_bytes");
  if (Number.isNaN(limit) || Number.isNaN(usage)) return undefined;
  const stat = read(path.join(directory, "memory.stat")) ?? "";
  const [, cached] = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat) ?? [];
  return Math.max(0, limit - Math.max(0, usage - Number(cached ?? 0)));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
