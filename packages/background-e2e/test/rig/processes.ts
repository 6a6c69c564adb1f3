import { readFileSync } from "node:fs";
import { isRunning } from "../is-running.ts";
import { signal } from "./worker-rig.ts";

/** The processes that a process has started and that run. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number).filter(Boolean);
  } catch {
    return [];
  }
}

/** The guard of an attempt's tests. */
export function guardsOf(attempt: number): number[] {
  return childrenOf(attempt).filter((pid) => commandLine(pid).includes("guard-main"));
}

/** What a process was started as; empty when it is gone. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Kills a process and resolves when it is gone. */
export async function killNow(pid: number): Promise<void> {
  signal(pid, "SIGKILL");
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 2));
}
