import { describeOutcome, type OutcomeStatus, type TestCounts } from "@netra-apex/core";
import { attemptLog, type QueuePlace } from "../place.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import { type Attempt, type FinalTaskState, taskPriorities, type TaskState } from "../queue/task.ts";

/** One attempt in an exported result. Times are ISO 8601, durations seconds. */
export interface ExportedAttempt {
  readonly attempt: number;
  readonly status: "running" | "lost" | "released" | OutcomeStatus;
  readonly started_at: string;
  readonly duration_seconds?: number;
  readonly exit_code?: number;
  readonly test_counts?: TestCounts;
  readonly error_message?: string;
  readonly run_id?: string;
  readonly log: string;
}

/** A task's result as a file and on stdout. Fields are added, never renamed or removed. */
export interface ExportedResult {
  readonly version: 1;
  readonly task_id: string;
  readonly category: string;
  readonly environment: string;
  readonly priority: string;
  readonly status: TaskState;
  /** How the tests ended, where they did. */
  readonly outcome: OutcomeStatus | null;
  readonly exit_code: number | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string;
  /** Of the attempt that decided. */
  readonly duration_seconds: number | null;
  readonly test_counts: TestCounts;
  readonly error_message: string | null;
  /** Passed only on a later attempt, or a test of it did. */
  readonly flaky: boolean;
  /** The code that was tested. */
  readonly code: {
    /** The hash of its tree, as git has it, uncommitted changes included. */
    readonly tree: string;
    readonly commit: string | null;
    readonly branch: string | null;
    readonly dirty: boolean | null;
    readonly snapshot: boolean;
    /** The work tree changed while the tests ran: nobody can say which state the result is about. */
    readonly changed_meanwhile: boolean;
  } | null;
  readonly run_id: string | null;
  readonly attempts: readonly ExportedAttempt[];
}

/** States in which nothing more comes of a task by itself. */
export const finalStates: ReadonlySet<FinalTaskState> = new Set<FinalTaskState>([
  "completed",
  "failed",
  "timed-out",
  "cancelled",
  "lost",
]);

/** Whether nothing more comes of a task by itself. */
export function isFinal({ state }: Pick<TaskView, "state">): boolean {
  return finalStates.has(state as FinalTaskState);
}

/** A task that is over as others read it. */
export function exportedResult(task: TaskView, place: QueuePlace): ExportedResult {
  const { id, spec, result, attempts } = task;
  const inputs = result?.inputs;
  const counts = result?.counts ?? { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };
  const message = result && result.outcome.status !== "passed" ? describeOutcome(result.outcome) : undefined;
  return {
    version: 1,
    task_id: id,
    category: spec.category,
    environment: spec.environment,
    priority: priorityName(task.priority),
    status: task.state,
    outcome: result?.outcome.status ?? null,
    exit_code: result?.exitCode ?? null,
    created_at: iso(task.createdMs),
    started_at: attempts[0] ? iso(attempts[0].startedMs) : null,
    finished_at: iso(task.changedMs),
    duration_seconds: result ? seconds(result.durationMs) : null,
    test_counts: counts,
    error_message: message ?? task.reason ?? null,
    flaky: isFlaky(task),
    code: inputs
      ? {
          tree: inputs.tree ?? inputs.inputFingerprint,
          commit: inputs.commit ?? null,
          branch: inputs.branch ?? null,
          dirty: inputs.isDirty ?? null,
          snapshot: spec.snapshot !== undefined,
          changed_meanwhile: result?.hasChangedMeanwhile ?? false,
        }
      : null,
    run_id: result?.runId ?? null,
    attempts: attempts.map((attempt, index) => exportedAttempt(task, attempt, index + 1, place)),
  };
}

/** What people call a priority. */
export function priorityName(priority: TaskView["priority"]): string {
  return Object.entries(taskPriorities).find(([, number]) => number === priority)?.[0] ?? String(priority);
}

/** Passed, but not at the first attempt, or with tests that did not. */
export function isFlaky({ result, attempts }: Pick<TaskView, "result" | "attempts">): boolean {
  if (result?.outcome.status !== "passed") return false;
  const hasFailed = attempts.some((attempt) => attempt.result && attempt.result.outcome.status !== "passed");
  return hasFailed || result.counts.flaky > 0;
}

function exportedAttempt(task: TaskView, attempt: Attempt, number: number, place: QueuePlace): ExportedAttempt {
  const { result, reason, startedMs, status } = attempt;
  const said = result && result.outcome.status !== "passed" ? describeOutcome(result.outcome) : reason;
  return {
    attempt: number,
    status: status === "ended" ? (result?.outcome.status ?? "errored") : status,
    started_at: iso(startedMs),
    ...(attempt.endedMs === undefined ? {} : { duration_seconds: seconds(attempt.endedMs - startedMs) }),
    ...(result?.exitCode === undefined ? {} : { exit_code: result.exitCode }),
    ...(result ? { test_counts: result.counts } : {}),
    ...(said === undefined ? {} : { error_message: said }),
    ...(result?.runId === undefined ? {} : { run_id: result.runId }),
    log: attemptLog(place, task.id, attempt.fence),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
