import { isProcessAlive, type ProcessIdentity } from "@netra-apex/core/process";
import { auditStream, ChangeBell } from "./audit-stream.ts";
import { checkNewTask, enqueueTask } from "./enqueue-task.ts";
import { listTasks, withAhead } from "./list-tasks.ts";
import type {
  AuditEvent,
  Claim,
  ClaimRef,
  Enqueued,
  NewTask,
  Page,
  PageRequest,
  QueueBackend,
  QueueGuarantees,
  QueueStats,
  Reaped,
  TaskFilter,
  TaskView,
} from "./queue-backend.ts";
import { QueueClosedError } from "./queue-errors.ts";
import { type Ageing, compareUrgency } from "./queue-order.ts";
import * as machine from "./task-machine.ts";
import { type HeldTask, isFinal, isHeld } from "./task-machine.ts";
import type { TaskStorage, TaskTables } from "./task-storage.ts";
import { viewOf } from "./task-view.ts";
import type { Actor, AttemptResult, Progress, TaskId, WorkerRef } from "./task.ts";

/** What the owner of a queue decides; each has a default. */
export interface QueueOptions {
  /** Milliseconds since 1970; the system's clock. */
  readonly now?: () => number;
  /** From 0 to below 1, for ids and pauses. */
  readonly random?: () => number;
  /** `undefined` where it cannot be known; by pid and start time. */
  readonly isProcessAlive?: (process: ProcessIdentity) => boolean | undefined;
  /** A task that has waited for this long is one class more urgent, in milliseconds; 30 minutes. */
  readonly ageingMs?: number;
  /** Between attempts; 5 s, up to 5 minutes. */
  readonly backoff?: machine.Backoff;
  /** How often a task may be lost with its worker and still be queued again; 2. */
  readonly maxLosses?: number;
  /** Tells of changes that others make, where something knows of them; returns what ends that. */
  readonly changes?: (onChange: () => void) => () => void;
}

/** What a storage promises, for the queue that is kept in it. */
export interface StorageTraits {
  readonly survives: QueueGuarantees["survives"];
  /** How often to look for what others have changed, in milliseconds; absent where there are no others. */
  readonly pollMs?: number;
}

const defaultAgeingMs = 30 * 60_000;
const defaultBackoff: machine.Backoff = { baseMs: 5_000, capMs: 5 * 60_000 };
const defaultMaxLosses = 2;
const eventsAtOnce = 500;

/** All the rules of a queue, over a storage that has none. */
export class TaskQueue implements QueueBackend {
  readonly guarantees: QueueGuarantees;
  readonly #storage: TaskStorage;
  readonly #options: Required<Omit<QueueOptions, "changes">>;
  readonly #pollMs: number | undefined;
  readonly #bell = new ChangeBell();
  readonly #stopListening: readonly ((() => void) | undefined)[];
  #isClosed = false;

  constructor(storage: TaskStorage, { survives, pollMs }: StorageTraits, options: QueueOptions = {}) {
    this.#storage = storage;
    this.#pollMs = pollMs;
    this.guarantees = { push: pollMs === undefined, survives };
    this.#options = {
      now: options.now ?? Date.now,
      random: options.random ?? Math.random,
      isProcessAlive: options.isProcessAlive ?? isProcessAlive,
      ageingMs: options.ageingMs ?? defaultAgeingMs,
      backoff: options.backoff ?? defaultBackoff,
      maxLosses: options.maxLosses ?? defaultMaxLosses,
    };
    const onChange = (): void => this.nudge();
    this.#stopListening = [storage.changes?.(onChange), options.changes?.(onChange)];
  }

  /** Somebody else has changed something: {@link events} looks at once. */
  nudge(): void {
    this.#bell.ring();
  }

  async enqueue(task: NewTask): Promise<Enqueued> {
    checkNewTask(task);
    const { random } = this.#options;
    return this.#change((tables, nowMs) => enqueueTask(tables, task, { nowMs, random }));
  }

  async claim({
    worker,
    leaseMs,
    max,
  }: {
    readonly worker: WorkerRef;
    readonly leaseMs: number;
    readonly max: number;
  }): Promise<Claim[]> {
    return this.#change((tables, nowMs) => {
      if (tables.pause()) return [];
      for (const task of tables.due(nowMs)) tables.update(machine.requeue(task, nowMs));
      const claims: Claim[] = [];
      while (claims.length < max) {
        const [next] = tables.heads().sort((left, right) => compareUrgency(left, right, this.#ageing(nowMs)));
        if (!next) break;
        const task = machine.claim(next, { worker, leaseMs, nowMs });
        const { id: taskId, fence, state } = task;
        tables.update(task);
        tables.append({ atMs: nowMs, taskId, type: "claimed", fence, state });
        const env = task.envHash === undefined ? undefined : tables.environment(task.envHash);
        claims.push({ taskId, fence, task: viewOf(task), ...(env ? { env } : {}) });
      }
      return claims;
    });
  }

  async heartbeat(
    claim: ClaimRef,
    options: { readonly leaseMs: number; readonly progress?: Progress; readonly worker?: WorkerRef },
  ): Promise<"held" | "cancel-requested" | "lost"> {
    return this.#change((tables, nowMs) => {
      const task = heldBy(tables, claim);
      if (!task) return "lost";
      const next = machine.heartbeat(task, { ...options, nowMs });
      tables.update(next);
      if (next.state !== task.state) {
        tables.append({ atMs: nowMs, taskId: task.id, type: "started", fence: task.fence, state: next.state });
      }
      return task.cancelRequest ? "cancel-requested" : "held";
    });
  }

  async complete(claim: ClaimRef, result: AttemptResult): Promise<"stored" | "already-stored" | "stale"> {
    const { random, backoff } = this.#options;
    return this.#change((tables, nowMs) => {
      const task = heldBy(tables, claim);
      if (!task) {
        const { attempts = [] } = tables.get(claim.taskId) ?? {};
        const isKnown = attempts.some(({ fence, status }) => fence === claim.fence && status === "ended");
        if (isKnown) return "already-stored";
        refuseStale(tables, claim, nowMs);
        return "stale";
      }
      const next = machine.complete(task, result, { nowMs, random, backoff });
      tables.update(next);
      tables.append({
        ...{ atMs: nowMs, taskId: task.id, fence: task.fence, state: next.state },
        type: next.state === "retry-wait" ? "retrying" : "ended",
        ...(next.state === "cancelled" ? { reason: next.reason } : {}),
      });
      return "stored";
    });
  }

  async release(
    claim: ClaimRef,
    { reason, delayMs }: { readonly reason: string; readonly delayMs: number },
  ): Promise<"requeued" | "cancelled" | "stale"> {
    return this.#change((tables, nowMs) => {
      const task = heldBy(tables, claim);
      if (!task) {
        refuseStale(tables, claim, nowMs);
        return "stale";
      }
      const next = machine.release(task, { reason, delayMs, nowMs });
      const { id: taskId, fence } = task;
      tables.update(next);
      tables.append({ atMs: nowMs, taskId, type: "released", fence, state: next.state, reason });
      return next.state === "cancelled" ? "cancelled" : "requeued";
    });
  }

  async cancel(
    taskId: TaskId,
    { by, reason }: { readonly by: Actor; readonly reason?: string },
  ): Promise<"cancelled" | "requested" | "already-final" | "unknown"> {
    return this.#change((tables, nowMs) => {
      const task = tables.get(taskId);
      if (!task) return "unknown";
      if (isFinal(task)) return "already-final";
      const said = reason === undefined ? {} : { reason };
      const request: machine.CancelRequest = { by, atMs: nowMs, ...said };
      if (isHeld(task)) {
        if (task.cancelRequest) return "requested";
        tables.update(machine.requestCancel(task, request));
        tables.append({ atMs: nowMs, taskId, type: "cancel-requested", by, fence: task.fence, ...said });
        return "requested";
      }
      tables.update(machine.cancel(task, request));
      tables.append({ atMs: nowMs, taskId, type: "ended", by, state: "cancelled", ...said });
      return "cancelled";
    });
  }

  async redrive(taskId: TaskId, by: Actor): Promise<"requeued" | "not-final" | "unknown"> {
    return this.#change((tables, nowMs) => {
      const task = tables.get(taskId);
      if (!task) return "unknown";
      if (!isFinal(task)) return "not-final";
      const place = tables.append({ atMs: nowMs, taskId, type: "redriven", by, state: "queued" });
      tables.update(machine.redrive(task, { place, nowMs }));
      return "requeued";
    });
  }

  async reap(): Promise<Reaped[]> {
    // Most of the time there is nobody, and nothing need be locked to see that.
    const nowMs = this.#nowMs();
    const gone = await this.#read((tables) => tables.held().filter((task) => this.#whyGone(task, nowMs)));
    if (gone.length === 0) return [];
    return this.#change((tables, atMs) =>
      tables.held().flatMap((task) => {
        const reason = this.#whyGone(task, atMs);
        if (reason === undefined) return [];
        const next = machine.lose(task, { reason, nowMs: atMs, maxLosses: this.#options.maxLosses });
        const { id: taskId, fence, lease } = task;
        tables.update(next);
        tables.append({ atMs, taskId, type: "lost", fence, state: next.state, reason });
        return [{ taskId, fence, worker: lease.worker, state: next.state }];
      }),
    );
  }

  async pause({ by, reason }: { readonly by: Actor; readonly reason?: string }): Promise<void> {
    return this.#change((tables, atMs) => {
      if (tables.pause()) return;
      const said = reason === undefined ? {} : { reason };
      tables.setPause({ by, atMs, ...said });
      tables.append({ atMs, type: "paused", by, ...said });
    });
  }

  async resume(by: Actor): Promise<void> {
    return this.#change((tables, atMs) => {
      if (!tables.pause()) return;
      tables.setPause(undefined);
      tables.append({ atMs, type: "resumed", by });
    });
  }

  async get(taskId: TaskId): Promise<TaskView | undefined> {
    return this.#read((tables) => {
      const task = tables.get(taskId);
      return task && withAhead(tables, [task], this.#ageing(this.#nowMs()))[0];
    });
  }

  /** Throws `QueueCursorError` for a page that does not follow one of this order and filter. */
  async list(filter: TaskFilter, page: PageRequest): Promise<Page<TaskView>> {
    return this.#read((tables) => listTasks(tables, filter, { ...page, ...this.#ageing(this.#nowMs()) }));
  }

  async stats(): Promise<QueueStats> {
    return this.#read((tables) => {
      const paused = tables.pause();
      const active = tables.held().map(({ id }) => id);
      return { ...tables.counts(), active, ...(paused ? { paused } : {}) };
    });
  }

  events(afterSeq: number, signal: AbortSignal): AsyncIterable<AuditEvent> {
    const source = {
      read: (seq: number) => this.#read((tables) => tables.eventsAfter(seq, eventsAtOnce)),
      bell: this.#bell,
      pollMs: this.#pollMs,
      isClosed: () => this.#isClosed,
    };
    return auditStream(source, afterSeq, signal);
  }

  async prune({ olderThanMs, keep }: { readonly olderThanMs?: number; readonly keep?: number }): Promise<TaskId[]> {
    return this.#change((tables, atMs) => {
      const since = olderThanMs === undefined ? undefined : atMs - olderThanMs;
      const old = tables.over().filter(({ changedMs }, index) => {
        return (since !== undefined && changedMs < since) || (keep !== undefined && index >= keep);
      });
      const ids = old.map(({ id }) => id).reverse();
      if (ids.length === 0) return ids;
      tables.remove(ids);
      for (const taskId of ids) tables.append({ atMs, taskId, type: "pruned" });
      tables.dropEnvironments();
      return ids;
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of this.#stopListening) stop?.();
    this.#bell.ring();
    this.#storage.close();
  }

  async #change<Result>(work: (tables: TaskTables, nowMs: number) => Result): Promise<Result> {
    if (this.#isClosed) throw new QueueClosedError();
    // The time is asked for when the lock is there: waiting for it may take seconds.
    const result = await this.#storage.transaction((tables) => work(tables, this.#nowMs()));
    this.#bell.ring();
    return result;
  }

  async #read<Result>(work: (tables: TaskTables) => Result): Promise<Result> {
    if (this.#isClosed) throw new QueueClosedError();
    return this.#storage.read(work);
  }

  /** Why a worker is taken to have vanished, if it is. */
  #whyGone({ lease }: HeldTask, nowMs: number): string | undefined {
    const { worker, untilMs } = lease;
    if (worker.process && this.#options.isProcessAlive(worker.process) === false) return "its process is gone";
    return untilMs <= nowMs ? "it has not been heard of for too long" : undefined;
  }

  #nowMs(): number {
    return Math.floor(this.#options.now());
  }

  #ageing(nowMs: number): Ageing {
    return { ageingMs: this.#options.ageingMs, nowMs };
  }
}

/** The task, if this claim on it is still good. */
function heldBy(tables: TaskTables, { taskId, fence }: ClaimRef): HeldTask | undefined {
  const task = tables.get(taskId);
  return task && isHeld(task) && task.fence === fence ? task : undefined;
}

function refuseStale(tables: TaskTables, { taskId, fence }: ClaimRef, atMs: number): void {
  if (tables.get(taskId)) tables.append({ atMs, taskId, type: "stale-refused", fence });
}
