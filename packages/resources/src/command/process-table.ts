import { readdirSync, readFileSync } from "node:fs";

/** One line of /proc/PID/stat, as far as it is needed here. */
export interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks after boot. */
  readonly startedAt: string;
  /** Somebody has stopped it with a signal, or looks at it with a debugger. */
  readonly isHeldUp: boolean;
}

/** All processes of this machine that live; none where there is no /proc. A zombie does not live. */
export function readProcesses(): ProcessLine[] {
  return runningPids().flatMap((pid) => readProcess(pid) ?? []);
}

/** `undefined` when it does not live. */
export function readProcess(pid: number): ProcessLine | undefined {
  const fields = readStat(pid);
  const [state = "X", parent, group, session] = fields ?? [];
  if (!fields || state === "Z" || state === "X") return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startedAt: fields[19] ?? "",
    isHeldUp: state === "T" || state === "t",
  };
}

/** When a process was started, in clock ticks after boot: also of one that has ended, as long as nobody has collected it. */
export function startTimeOf(pid: number): string | undefined {
  return readStat(pid)?.[19];
}

/** From the third field on. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // `pid (name) state ppid pgrp session …`, in which the name may itself contain spaces and parentheses.
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/**
 * The value of a variable in the environment with which a process was started: `null` where it is not set, `undefined` where that
 * cannot be known, as for another user's, and for a moment in the middle of an exec.
 */
export function variableOf(pid: number, name: string): string | null | undefined {
  let environment: string;
  try {
    environment = readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return undefined;
  }
  if (environment === "") return undefined;
  const entry = environment.split("\0").find((one) => one.startsWith(`${name}=`));
  return entry === undefined ? null : entry.slice(name.length + 1);
}

/** The command line of a process for people, at most 200 characters; `undefined` where it cannot be seen. */
export function commandLineOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    return words === "" ? undefined : words.slice(0, 200);
  } catch {
    return undefined;
  }
}

function runningPids(): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid));
  } catch {
    return [];
  }
}
