import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** The processes that were started by one command and have not left its process group. */
export interface ProcessGroup {
  /** Sends a signal to every member; a group that is gone already is no error. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
  /** Whether no member runs any more. Zombies, which nobody may ever collect, do not count as running. */
  isGone(): boolean;
  /** How many members still run; at least 1 unless the group is gone. Where they cannot be counted, 1. */
  count(): number;
}

/** A POSIX process group, named by its leader's pid. */
export function posixProcessGroup(id: number): ProcessGroup {
  let living: readonly number[] = [];

  const isGone = (): boolean => {
    // One system call settles the usual case.
    if (!answers(id)) return true;
    if (process.platform !== "linux") return false;
    // Zombies answer too. Ask those known to live first: a whole scan of /proc takes milliseconds.
    if (living.some((pid) => isLivingMember(pid, id))) return false;
    living = livingMembers(id);
    return living.length === 0;
  };

  return {
    isGone,
    signal(name) {
      try {
        process.kill(-id, name);
      } catch {
        // ESRCH: gone. EPERM: members of another user, which are not ours to end; the wait that follows is bounded.
      }
    },
    count() {
      if (isGone()) return 0;
      return process.platform === "linux" ? livingMembers(id).length : 1;
    },
  };
}

/**
 * Windows has no process groups. `kill` ends the command's tree as far as `taskkill` sees it; what the command leaves behind
 * is not seen here.
 */
export function windowsProcessTree(
  command: Pick<ChildProcess, "exitCode" | "signalCode">,
  kill: (signal: NodeJS.Signals) => void,
): ProcessGroup {
  const isGone = (): boolean => command.exitCode !== null || command.signalCode !== null;
  return { isGone, signal: kill, count: () => (isGone() ? 0 : 1) };
}

function answers(id: number): boolean {
  try {
    process.kill(-id, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function livingMembers(id: number): number[] {
  const members: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid) && isLivingMember(pid, id)) members.push(pid);
  }
  return members;
}

/** Reads `/proc/PID/stat`: `pid (name) state ppid pgrp …`, in which the name may itself contain spaces and parentheses. */
function isLivingMember(pid: number, id: number): boolean {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return false;
  }
  const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
  return Number(group) === id && state !== "Z" && state !== "X";
}
