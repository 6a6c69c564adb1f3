import { existsSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Looks until `find` finds something. The test's own timeout is the limit. */
export async function waitUntil<Found>(find: () => Found | undefined | false): Promise<Found> {
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    await setTimeout(5);
  }
}

/** Waits until a process has written its pid, or any other whole line, into a file. */
export async function waitForLine(file: string): Promise<string> {
  return waitUntil(() => {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    return text.endsWith("\n") ? text.trim() : undefined;
  });
}

/** Whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return process.platform !== "linux";
  }
}
