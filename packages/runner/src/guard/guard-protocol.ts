import type { Command, Enforcement, LimitRequest, LimitsInForce } from "@netra-apex/core";
import type { MaskRequest } from "@netra-apex/core/mask";

/**
 * What an orchestrator and its guard say to each other: one JSON object a line, requests on the guard's stdin, replies on its
 * stdout. When its stdin ends, whatever the reason, the guard ends every process that is left, and then itself.
 */
export type GuardRequest =
  /** First of all: what every command inherits. */
  | { readonly type: "setup"; readonly env: Readonly<Record<string, string>> }
  | StartRequest
  /** Ends a command with all that it started; `kill` skips or cuts short the grace. */
  | { readonly type: "end"; readonly id: number; readonly kill: boolean }
  /** Asks how limits can be enforced here. */
  | { readonly type: "levels" }
  /** Stops every process, or lets them go on: the orchestrator was put into the background of its terminal. */
  | { readonly type: "freeze" }
  | { readonly type: "thaw" };

/** A command to be started. */
export interface StartRequest {
  readonly type: "start";
  /** Chosen by the orchestrator, unique among its requests. */
  readonly id: number;
  readonly command: Command;
  readonly cwd: string;
  /** Laid over the inherited environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly graceMs: number;
  readonly limits?: LimitRequest;
  readonly isolation?: "pidns";
  readonly mask?: MaskRequest;
}

/** What the guard tells. */
export type GuardReply =
  /** Once it has looked for processes whose own guard is gone, and ended them. */
  | { readonly type: "ready"; readonly abandoned: readonly FoundProcess[] }
  /** Containers whose own guard is gone, once they are removed: before the first container of this one. */
  | { readonly type: "abandoned"; readonly found: readonly FoundProcess[] }
  | { readonly type: "levels"; readonly levels: LimitLevels }
  /** The operating system did not start it. */
  | { readonly type: "not-started"; readonly id: number; readonly code?: string; readonly message: string }
  /** Its log file cannot be written; it was not started. */
  | { readonly type: "no-log"; readonly id: number; readonly message: string }
  | ({ readonly type: "sample"; readonly id: number } & TreeUsage)
  | { readonly type: "exit"; readonly id: number; readonly exit: GuardedExit }
  /** A fault of the guard itself; it ends. */
  | { readonly type: "bug"; readonly message: string };

/** The best way in which this machine can enforce each limit. */
export interface LimitLevels {
  readonly memory: Enforcement;
  readonly cpu: Enforcement;
}

/** How a command and its whole tree ended. */
export interface GuardedExit {
  /** Absent when the command was ended by a signal or never started. */
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
  /** Set when it was ended on request: by SIGTERM within the grace, or by SIGKILL. */
  readonly terminated?: "term" | "kill";
  /** How long it took to end it, on request or for its limit; the grace is part of it. */
  readonly endingMs?: number;
  /** What ran when the command was ended; only with `terminated`. */
  readonly endedProcesses?: readonly FoundProcess[];
  /** What outlived the command on its own and had to be ended. */
  readonly leaked: readonly FoundProcess[];
  /** What could not be ended, not even by SIGKILL. */
  readonly survivors?: readonly FoundProcess[];
  readonly usage?: TreePeak;
  readonly limits?: LimitsInForce;
  /** Processes that the kernel killed for lack of memory on this machine meanwhile. */
  readonly oomKills?: number;
}

/** A process that somebody is told about. */
export interface FoundProcess {
  readonly pid: number;
  /** Its command line, cut where it gets too long. */
  readonly command: string;
}

/** What a tree of processes takes now. */
export interface TreeUsage {
  readonly processes: number;
  /** Resident memory of all of them; what they share counts for each. */
  readonly memoryBytes: number;
  /** Since the sample before; 100 is one CPU. */
  readonly cpuPercent: number;
}

/** What a tree of processes took. Absent for what ended before it was looked at. */
export interface TreePeak {
  readonly peakMemoryBytes: number;
  /** User and system time of all processes, as far as they were seen. */
  readonly cpuMs: number;
}
