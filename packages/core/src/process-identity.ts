import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/** A process, told apart from a later one that gets the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot of the machine and namespace of the pid, or the name of the machine where these cannot be asked. */
  readonly place: string;
  /** Clock ticks after boot at which it was started; absent where that cannot be asked. */
  readonly startedAt?: string;
}

/** The identity of this process. */
export function ownProcess(): ProcessIdentity {
  return identifyProcess(process.pid);
}

/** The identity of a process of this machine that is known to run. */
export function identifyProcess(pid: number): ProcessIdentity {
  const startedAt = processStartTime(pid);
  return { pid, place: placeOfPids(), ...(startedAt === undefined ? {} : { startedAt }) };
}

/** Whether the process still runs; `undefined` where that cannot be known, as on another machine. */
export function isProcessAlive({ pid, place, startedAt }: ProcessIdentity): boolean | undefined {
  if (place !== placeOfPids()) return undefined;
  if (startedAt !== undefined) return processStartTime(pid) === startedAt;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Clock ticks after boot at which a process was started, as /proc writes it; `undefined` when there is no such process. */
export function processStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before it may hold anything, also spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie does nothing any more.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Within which pids and start times are unique: this boot, and this pid namespace. `undefined` without a /proc. */
export function pidSpace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
    return `${boot}_${readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "")}`;
  } catch {
    return undefined;
  }
}

function placeOfPids(): string {
  return pidSpace() ?? process.getBuiltinModule("node:os").hostname();
}
