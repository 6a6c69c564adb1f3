import type {
  ActiveTaskState,
  Actor,
  Attempt,
  AttemptResult,
  Progress,
  TaskId,
  TaskPriority,
  TaskSpec,
  TaskState,
  WorkerRef,
} from "./task.ts";

/** What may differ between backends, and nothing else: the conformance suite holds all of them to the rest. */
export interface QueueGuarantees {
  /** Whether {@link QueueBackend.events} is told of changes by other processes at once, or looks for them. */
  readonly push: boolean;
  /** What an acknowledged call survives. */
  readonly survives: "nothing" | "process-crash" | "power-loss";
}

/** A task to be queued. */
export interface NewTask {
  readonly spec: TaskSpec;
  readonly priority: TaskPriority;
  readonly by: Actor;
  /** The same key means the same task, for ever: a second call changes nothing and gets the first one's id. */
  readonly idempotencyKey?: string;
  /** Of all that decides what it does. A task with the same one that is in one of the states is joined instead. */
  readonly join?: { readonly fingerprint: string; readonly states: readonly ActiveTaskState[] };
  /** Older tasks of the same category and environment that are not over are cancelled, by the new one. */
  readonly supersedes?: boolean;
  /** The environment in which its tests run; kept once for all tasks that have the same. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What became of a {@link NewTask}. */
export interface Enqueued {
  readonly taskId: TaskId;
  /** False when an earlier one was joined, or the key was known. */
  readonly created: boolean;
  /** Those that it took the place of. What ran of them has been asked to stop. */
  readonly superseded: readonly TaskId[];
}

/** A claim's proof. `fence` grows with every claim of a task; whoever has an older one has lost it. */
export interface ClaimRef {
  readonly taskId: TaskId;
  readonly fence: number;
}

/** A task that a worker has got. */
export interface Claim extends ClaimRef {
  readonly task: TaskView;
  readonly env?: Readonly<Record<string, string>>;
}

/** A task as it is now. */
export interface TaskView {
  readonly id: TaskId;
  readonly spec: TaskSpec;
  readonly priority: TaskPriority;
  readonly state: TaskState;
  readonly by: Actor;
  readonly createdMs: number;
  /** When it came into its state. */
  readonly changedMs: number;
  /** How many are before it; only of one that is queued. */
  readonly ahead?: number;
  /** Not claimed before this time; of one that waits for its next attempt. */
  readonly notBeforeMs?: number;
  /** Oldest first; the last one is under way when the state is `starting` or `running`. */
  readonly attempts: readonly Attempt[];
  /** Attempts that have ended by themselves, and so count. */
  readonly spent: number;
  /** Attempts that were lost with their worker. */
  readonly losses: number;
  /** Of the attempt that is under way. */
  readonly lease?: { readonly worker: WorkerRef; readonly fence: number; readonly untilMs: number };
  readonly progress?: Progress;
  /** Somebody wants it to end, and it has not yet. */
  readonly cancelRequest?: { readonly by: Actor; readonly atMs: number };
  /** Of the attempt that decided; of every final state but those that were never run. */
  readonly result?: AttemptResult;
  /** Why a final state was reached, where the result does not say it: by whom it was cancelled, how it was lost. */
  readonly reason?: string;
}

/** Which tasks to list. */
export interface TaskFilter {
  readonly states?: readonly TaskState[];
  readonly category?: string;
  /** Those that came into their state at or after this time. */
  readonly sinceMs?: number;
  /** A part of the id. */
  readonly id?: string;
}

/** How to go on with a list: `order` by urgency (as they will be claimed), or newest change first. */
export interface PageRequest {
  readonly order: "urgency" | "newest";
  readonly limit: number;
  /** Of the page before. */
  readonly after?: string;
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Gets the next one; absent at the end. */
  readonly next?: string;
}

/** The queue in numbers. */
export interface QueueStats {
  readonly byState: Readonly<Record<TaskState, number>>;
  readonly queuedByCategory: Readonly<Record<string, number>>;
  /** Ids of those that are starting or running. */
  readonly active: readonly TaskId[];
  readonly paused?: QueuePause;
}

/** While the queue is paused nothing is claimed; what runs goes on. */
export interface QueuePause {
  readonly by: Actor;
  readonly atMs: number;
  readonly reason?: string;
}

/** One line of the audit trail. */
export interface AuditEvent {
  readonly seq: number;
  readonly atMs: number;
  /** Absent for what is about the queue as a whole. */
  readonly taskId?: TaskId;
  readonly type:
    | "enqueued"
    | "joined"
    | "claimed"
    | "started"
    | "retrying"
    | "released"
    | "lost"
    | "cancel-requested"
    | "ended"
    | "superseded"
    | "redriven"
    | "stale-refused"
    | "paused"
    | "resumed"
    | "pruned";
  readonly by?: Actor;
  readonly fence?: number;
  /** The state that the task came into. */
  readonly state?: TaskState;
  readonly reason?: string;
}

/** A task that was taken from a worker that vanished. */
export interface Reaped extends ClaimRef {
  readonly worker: WorkerRef;
  readonly state: TaskState;
}

/**
 * A queue, whatever it is kept in. Execution is **at least once**, the recorded result is **exactly once**: `complete` with the
 * fence that won may be repeated; any other is `stale` and changes nothing. Whoever hears `lost` or `stale` must end its
 * process tree within the grace period.
 *
 * Times are the queue's own clock. Everything is durable when its promise resolves, as far as `guarantees` say.
 */
export interface QueueBackend {
  readonly guarantees: QueueGuarantees;
  enqueue(task: NewTask): Promise<Enqueued>;
  /** The most urgent tasks, at most `max`; none while the queue is paused. */
  claim(options: { readonly worker: WorkerRef; readonly leaseMs: number; readonly max: number }): Promise<Claim[]>;
  /** The lease goes on from now. Whoever is to go on with the claim may name itself. */
  heartbeat(
    claim: ClaimRef,
    options: { readonly leaseMs: number; readonly progress?: Progress; readonly worker?: WorkerRef },
  ): Promise<"held" | "cancel-requested" | "lost">;
  /** The attempt is over. What it means for the task is the queue's to say: over, or another attempt after a while. */
  complete(claim: ClaimRef, result: AttemptResult): Promise<"stored" | "already-stored" | "stale">;
  /** Gives the task back without a result: it is queued again after the delay, and the attempt does not count. */
  release(
    claim: ClaimRef,
    options: { readonly reason: string; readonly delayMs: number },
  ): Promise<"requeued" | "cancelled" | "stale">;
  cancel(
    taskId: TaskId,
    options: { readonly by: Actor; readonly reason?: string },
  ): Promise<"cancelled" | "requested" | "already-final" | "unknown">;
  /** Sends a task that is over back to the queue, with all its attempts to spend again. */
  redrive(taskId: TaskId, by: Actor): Promise<"requeued" | "not-final" | "unknown">;
  /** Takes tasks from workers whose lease is over, or that are known to be gone. */
  reap(): Promise<Reaped[]>;
  pause(options: { readonly by: Actor; readonly reason?: string }): Promise<void>;
  resume(by: Actor): Promise<void>;
  get(taskId: TaskId): Promise<TaskView | undefined>;
  list(filter: TaskFilter, page: PageRequest): Promise<Page<TaskView>>;
  stats(): Promise<QueueStats>;
  /** The audit trail after a number, and then what comes, until the signal. */
  events(afterSeq: number, signal: AbortSignal): AsyncIterable<AuditEvent>;
  /** Removes tasks that have been over for longer, or that are more than `keep`, the oldest first. Returns their ids. */
  prune(policy: { readonly olderThanMs?: number; readonly keep?: number }): Promise<TaskId[]>;
  close(): Promise<void>;
}
