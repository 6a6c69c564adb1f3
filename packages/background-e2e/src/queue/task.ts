import type { Outcome, ProcessIdentity, RunId, RunInputs, TestCounts } from "@netra-apex/core";

/** Names a task: the category and six random characters, such as `cypress-k3f9x2`. */
export type TaskId = string;

/** A lower number is more urgent. */
export type TaskPriority = 1 | 2 | 3 | 4 | 5;

/** What people call the priorities. */
export const taskPriorities = { critical: 1, high: 2, medium: 3, low: 4, idle: 5 } as const satisfies Record<
  string,
  TaskPriority
>;

const defaultPriorities: Readonly<Record<string, TaskPriority>> = { e2e_critical: 2, performance: 4 };

/** The priority of a category's tasks where nobody names one: medium, but for the built-in categories that are more or less urgent. */
export function defaultPriority(category: string): TaskPriority {
  return Object.hasOwn(defaultPriorities, category) ? (defaultPriorities[category] ?? 3) : 3;
}

/** Code of the past, taken when the task was queued: see `takeSnapshot`. */
export interface SnapshotRef {
  /** Names it among the snapshots of the repository. */
  readonly id: string;
  /** The commit that holds the work tree, uncommitted changes included; kept from git's collector by a ref of its own. */
  readonly commit: string;
  /** Hash of its tree. */
  readonly tree: string;
  /** What was checked out; absent in a repository without a commit. */
  readonly base?: string;
  readonly branch?: string;
  /** Whether the work tree differed from the base. */
  readonly isDirty: boolean;
}

/** What a task is to run, and how. Plain data. */
export interface TaskSpec {
  readonly category: string;
  /** Whose `environment_overrides` apply. */
  readonly environment: string;
  /** Absolute directory in which the config is looked for. */
  readonly projectRoot: string;
  /** A config file instead of the one that is found there, absolute. */
  readonly config?: string;
  /** Of each attempt, in milliseconds; the category's own when absent. */
  readonly timeoutMs?: number;
  /** Attempts after the first one; those that were lost with their worker count by themselves. */
  readonly maxRetries: number;
  readonly cpuLimitPercent?: number;
  readonly memoryLimitBytes?: number;
  /** Of the services; the environment's or the config's own when absent. */
  readonly profile?: string;
  /** Services of the config that must be up before an attempt starts; those of the category's layers when absent. */
  readonly servicesRequired?: readonly string[];
  /** Passed on to the test command. */
  readonly additionalArgs: readonly string[];
  readonly envVars: Readonly<Record<string, string>>;
  readonly useRealServices: boolean;
  readonly useRealLlm: boolean;
  /** Nothing else of the queue runs beside it; as the category's config said when it was queued. */
  readonly isExclusive?: boolean;
  /** Absent: whatever is on disk when the attempt starts. */
  readonly snapshot?: SnapshotRef;
}

/** Who asked for something: a person at a command line, a program, a schedule, a newer task, the worker itself. */
export interface Actor {
  readonly kind: "person" | "program" | "schedule" | "task" | "worker";
  /** Such as the name of the schedule, or the id of the newer task. */
  readonly name?: string;
}

/** Who works on a task. */
export interface WorkerRef {
  /** Unlike any other worker's, ever. */
  readonly id: string;
  /** Absent for one whose machine cannot be asked. */
  readonly process?: ProcessIdentity;
}

/** What a worker tells of an attempt while it runs. */
export interface Progress {
  /** The test processes have been started. */
  readonly isRunning: boolean;
  readonly runId?: RunId;
  /** Of the process that runs the attempt. */
  readonly pid?: number;
  readonly counts?: TestCounts;
  /** What all its test processes take. */
  readonly usage?: { readonly cpuPercent: number; readonly memoryBytes: number };
  /** The code that is tested, as soon as it is known. */
  readonly inputs?: RunInputs;
  /** What it is doing, for people: `checking services`, `waiting for memory`. */
  readonly note?: string;
}

/** How an attempt ended, as its worker saw it. */
export interface AttemptResult {
  readonly outcome: Outcome;
  /** Of the test command, where it had one. */
  readonly exitCode?: number;
  readonly durationMs: number;
  readonly counts: TestCounts;
  /** The run in the project's history. */
  readonly runId?: RunId;
  readonly inputs?: RunInputs;
  /** The code changed on disk while the tests ran, so the result is about neither state. */
  readonly hasChangedMeanwhile?: boolean;
  /** Nothing would be gained by another attempt: the config is wrong, a service is not there. */
  readonly isFinal?: boolean;
}

/** One try of a task. */
export interface Attempt {
  /** The claim's number: 1, 2, 3 … within a task. */
  readonly fence: number;
  readonly worker: WorkerRef;
  readonly startedMs: number;
  readonly endedMs?: number;
  /** `running` has no end; `lost`: its worker vanished; `released`: given back before its end, which does not count. */
  readonly status: "running" | "ended" | "lost" | "released";
  readonly result?: AttemptResult;
  /** Why it was lost or released. */
  readonly reason?: string;
}

/** Where a task is in its life; the diagram is in `task-machine.ts`. */
export type TaskState = ActiveTaskState | FinalTaskState;

/** Not over. */
export type ActiveTaskState = "queued" | "starting" | "running" | "retry-wait";

/** Over, unless somebody sends it back to the queue. */
export type FinalTaskState = "completed" | "failed" | "timed-out" | "cancelled" | "lost";

/** Every state, in the order of a task's life. */
export const taskStates = [
  "queued",
  "starting",
  "running",
  "retry-wait",
  "completed",
  "failed",
  "timed-out",
  "cancelled",
  "lost",
] as const satisfies readonly TaskState[];
