import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

/** A variable that marks a test's processes, and a look at which of them live: the test's own eyes, not the guard's. */
export function markProcesses() {
  const mark = `APEX_TEST_MARK=${randomUUID()}`;
  const [name = "", value = ""] = mark.split("=");
  return { env: { [name]: value }, living: () => livingWith(mark) };
}

function livingWith(mark: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && carries(pid, mark));
}

function carries(pid: number, mark: string): boolean {
  try {
    // A zombie has no environment any more.
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
  } catch {
    return false;
  }
}
