import type { AuditEvent, QueuePause, QueueStats } from "./queue-backend.ts";
import type { FinalTask, HeldTask, OpenTask, QueuedTask, Task, WaitingTask } from "./task-machine.ts";
import type { TaskId, TaskPriority, TaskState } from "./task.ts";

/** Where a listing of one state goes on: behind the task with these. */
export interface ScanPosition {
  readonly place: number;
  readonly changedMs: number;
}

/** Tasks of one state, in one order. */
export interface TaskScan {
  readonly state: TaskState;
  readonly priority?: TaskPriority;
  /** By place, the lowest first; or by the time of their last change of state, then place, the highest first. */
  readonly order: "place" | "newest";
  readonly after?: ScanPosition;
  readonly limit: number;
  readonly category?: string;
  readonly sinceMs?: number;
  /** A part of the id. */
  readonly id?: string;
}

/** What a {@link TaskStorage} holds, within one transaction. Every call is synchronous. */
export interface TaskTables {
  get(id: TaskId): Task | undefined;
  insert(task: Task): void;
  /** Writes all of a task but what never changes: id, spec, origin, fingerprint, environment. */
  update(task: Task): void;
  /** Removes tasks and their events; keys that named them stay. */
  remove(ids: readonly TaskId[]): void;

  /** The task that a key stands for; it may be gone. */
  keyOwner(key: string): TaskId | undefined;
  setKeyOwner(key: string, id: TaskId): void;
  /** Those that are not over. */
  withFingerprint(fingerprint: string): OpenTask[];
  /** Those that are not over. */
  ofCategory(category: string, environment: string): OpenTask[];

  /** Of each priority, the queued task with the lowest place. */
  heads(): QueuedTask[];
  /** Those that have waited long enough. */
  due(nowMs: number): WaitingTask[];
  /** Those that a worker has. */
  held(): HeldTask[];
  /** Those that are over, newest change first. */
  over(): Pick<FinalTask, "id" | "changedMs">[];
  scan(scan: TaskScan): Task[];
  counts(): Pick<QueueStats, "byState" | "queuedByCategory">;
  /** How many are queued in a priority with a place from `from` on and below `below`. */
  countQueued(priority: TaskPriority, places: { readonly from: number; readonly below: number }): number;
  /** The first place in a priority of one that was queued after a time. */
  firstPlaceQueuedAfter(priority: TaskPriority, timeMs: number): number | undefined;

  environment(hash: string): Readonly<Record<string, string>> | undefined;
  keepEnvironment(hash: string, env: Readonly<Record<string, string>>): void;
  /** Those that no task names. */
  dropEnvironments(): void;

  pause(): QueuePause | undefined;
  setPause(pause: QueuePause | undefined): void;

  /** Returns the event's number, higher than any before, those of removed events included. */
  append(event: Omit<AuditEvent, "seq">): number;
  eventsAfter(seq: number, limit: number): AuditEvent[];
}

/**
 * Where a {@link TaskQueue} keeps its tasks: no rule of the queue, only rows. A database that has no queue of its own
 * gets one by implementing this; one that has implements `QueueBackend` itself.
 */
export interface TaskStorage {
  /** Does all of `work` or nothing of it, alone among all who use the storage. May call it more than once. */
  transaction<Result>(work: (tables: TaskTables) => Result): Promise<Result>;
  /** Reads everything at one moment. */
  read<Result>(work: (tables: TaskTables) => Result): Promise<Result>;
  /** Tells of every transaction, where the storage knows of all; returns what ends that. */
  changes?(onChange: () => void): () => void;
  close(): void;
}
