import type { TestCounts } from "@netra-apex/core";
import { DaemonSeat } from "../daemon/daemon-record.ts";
import { attemptLog, type QueuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import type { TaskState } from "../queue/task.ts";
import { readFact } from "../settings.ts";
import { priorityName } from "./task-result.ts";

/** A task as others read it. Fields are added, never renamed or removed. Times are ISO 8601, durations seconds. */
export interface TaskStatus {
  readonly task_id: string;
  readonly category: string;
  readonly environment: string;
  readonly priority: string;
  readonly status: TaskState;
  readonly created_at: string;
  /** When it came into its state. */
  readonly since: string;
  /** 1 is the next one; only of one that is queued. */
  readonly position: number | null;
  /** Why it does not run; null when it does, or is over. */
  readonly waiting_for: string | null;
  /** As far as earlier runs tell: until its end when it runs, until its start when it is queued. */
  readonly eta_seconds: number | null;
  /** 1, 2, 3 …; 0 before the first. */
  readonly attempt: number;
  readonly max_attempts: number;
  /** Attempts that were lost with their worker, which do not count. */
  readonly lost_attempts: number;
  readonly cancel_requested: boolean;
  readonly test_counts: TestCounts | null;
  readonly process_info: {
    readonly pid: number | null;
    readonly running: boolean;
    readonly duration_seconds: number;
    readonly resource_usage: { readonly cpu_percent: number; readonly memory_mb: number } | null;
  } | null;
  readonly run_id: string | null;
  /** Of the newest attempt. */
  readonly log: string | null;
  /** How it ended, or what was said of it. */
  readonly message: string | null;
}

/** The queue as others read it. Fields are added, never renamed or removed. */
export interface QueueStatus {
  readonly version: 1;
  /** A worker is there. */
  readonly agent_running: boolean;
  readonly worker: { readonly pid: number; readonly version: string; readonly since: string } | null;
  /** A person has stopped the worker. */
  readonly stopped: boolean;
  readonly paused: { readonly since: string; readonly reason: string | null } | null;
  readonly concurrency: number;
  readonly queued_tasks: number;
  readonly active_tasks: number;
  readonly queued_by_category: Readonly<Record<string, number>>;
  readonly active_task_ids: readonly string[];
  readonly by_status: Readonly<Record<TaskState, number>>;
  /** Those that run, then those that wait in their order; the first of them when there are many. */
  readonly tasks: readonly TaskStatus[];
}

/** What a status is made of beside the queue. */
export interface StatusOptions {
  readonly nowMs?: number;
  /** Most tasks that are told of each kind; 20 by default. */
  readonly limit?: number;
  /** How long categories take, in milliseconds, by name. */
  readonly expectedMs?: ReadonlyMap<string, number>;
}

/** The queue as it is now. */
export async function readQueueStatus(
  queue: FileQueue,
  place: QueuePlace,
  options: StatusOptions = {},
): Promise<QueueStatus> {
  const { nowMs = Date.now(), limit = 20, expectedMs = new Map<string, number>() } = options;
  const { byState, queuedByCategory, active, paused } = await queue.stats();
  const running = await queue.list({ states: ["starting", "running"] }, { order: "urgency", limit });
  const waiting = await queue.list({ states: ["retry-wait", "queued"] }, { order: "urgency", limit });
  const worker = new DaemonSeat(queue.database).holder(nowMs);
  const concurrency = readFact(queue.database, "settings")?.concurrency ?? 1;
  const isStopped = readFact(queue.database, "stopped") !== undefined;
  const because = paused
    ? "the queue is paused"
    : worker
      ? undefined
      : isStopped
        ? "the worker was stopped"
        : "the worker, which is not there yet";
  const isFull = byState.starting + byState.running >= concurrency;
  const estimate = new Estimate(expectedMs, concurrency, nowMs);
  return {
    version: 1,
    agent_running: worker !== undefined,
    worker: worker ? { pid: worker.process.pid, version: worker.version, since: iso(worker.startedMs) } : null,
    stopped: isStopped,
    paused: paused ? { since: iso(paused.atMs), reason: paused.reason ?? null } : null,
    concurrency,
    queued_tasks: byState.queued,
    active_tasks: byState.starting + byState.running,
    queued_by_category: queuedByCategory,
    active_task_ids: active,
    by_status: byState,
    tasks: [...running.items, ...waiting.items].map((task) => {
      const eta = because === undefined ? estimate.next(task) : undefined;
      return taskStatus(task, place, {
        nowMs,
        because: because ?? (isFull && task.state === "queued" ? "a free place" : undefined),
        etaMs: eta,
      });
    }),
  };
}

/** A task as it is now; `because` says why nothing at all is started. */
export function taskStatus(
  task: TaskView,
  place: QueuePlace,
  {
    nowMs = Date.now(),
    because,
    etaMs,
  }: { readonly nowMs?: number; readonly because?: string | undefined; readonly etaMs?: number | undefined } = {},
): TaskStatus {
  const { id, spec, state, progress, attempts, result, reason, cancelRequest } = task;
  const attempt = attempts.at(-1);
  const said = result && "reason" in result.outcome ? result.outcome.reason : reason;
  return {
    task_id: id,
    category: spec.category,
    environment: spec.environment,
    priority: priorityName(task.priority),
    status: state,
    created_at: iso(task.createdMs),
    since: iso(task.changedMs),
    position: task.ahead === undefined ? null : task.ahead + 1,
    waiting_for: waitingFor(task, nowMs, because) ?? null,
    eta_seconds: etaMs === undefined ? null : seconds(etaMs),
    attempt: attempts.length,
    max_attempts: spec.maxRetries + 1,
    lost_attempts: task.losses,
    cancel_requested: cancelRequest !== undefined,
    test_counts: result?.counts ?? progress?.counts ?? null,
    process_info: processInfo(task, nowMs),
    run_id: result?.runId ?? progress?.runId ?? null,
    log: attempt ? attemptLog(place, id, attempt.fence) : null,
    message: said ?? null,
  };
}

function waitingFor(task: TaskView, nowMs: number, because: string | undefined): string | undefined {
  switch (task.state) {
    case "queued":
      if (because !== undefined) return because;
      return task.ahead ? `${task.ahead} before it` : "its turn";
    case "retry-wait": {
      const leftMs = Math.max(0, (task.notBeforeMs ?? nowMs) - nowMs);
      return because ?? `its next attempt, in ${Math.ceil(leftMs / 1_000)}s`;
    }
    case "starting":
      return task.progress?.note ?? "its process";
    default:
      return undefined;
  }
}

function processInfo({ id, state, attempts, lease, progress }: TaskView, nowMs: number): TaskStatus["process_info"] {
  const attempt = attempts.at(-1);
  if (!attempt || (state !== "starting" && state !== "running")) return null;
  const { usage } = progress ?? {};
  return {
    pid: progress?.pid ?? (lease?.worker.id.startsWith(`${id}.`) ? (lease.worker.process?.pid ?? null) : null),
    running: state === "running",
    duration_seconds: seconds(Math.max(0, nowMs - attempt.startedMs)),
    resource_usage: usage
      ? { cpu_percent: Math.round(usage.cpuPercent), memory_mb: Math.round(usage.memoryBytes / 1024 ** 2) }
      : null,
  };
}

/** Walks the tasks in the order in which they will be worked on, and says when each ends or starts. */
class Estimate {
  readonly #expectedMs: ReadonlyMap<string, number>;
  readonly #nowMs: number;
  /** When each of the places for a task becomes free, from now; unknown from the first that nobody can tell. */
  readonly #freeMs: (number | undefined)[];

  constructor(expectedMs: ReadonlyMap<string, number>, concurrency: number, nowMs: number) {
    this.#expectedMs = expectedMs;
    this.#nowMs = nowMs;
    this.#freeMs = Array.from({ length: concurrency }, () => 0);
  }

  next({ state, spec, attempts }: TaskView): number | undefined {
    const expected = this.#expectedMs.get(spec.category);
    if (state === "starting" || state === "running") {
      const spentMs = this.#nowMs - (attempts.at(-1)?.startedMs ?? this.#nowMs);
      const leftMs = expected === undefined ? undefined : Math.max(0, expected - spentMs);
      this.#occupy(leftMs);
      return leftMs;
    }
    if (state !== "queued" || this.#freeMs.includes(undefined)) return undefined;
    const startMs = Math.min(...this.#freeMs.map((free) => free ?? 0));
    this.#occupy(expected === undefined ? undefined : startMs + expected);
    return startMs;
  }

  #occupy(untilMs: number | undefined): void {
    const known = this.#freeMs.map((free) => free ?? Number.POSITIVE_INFINITY);
    this.#freeMs[known.indexOf(Math.min(...known))] = untilMs;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
