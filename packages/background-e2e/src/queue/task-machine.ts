import type {
  Actor,
  Attempt,
  AttemptResult,
  FinalTaskState,
  Progress,
  TaskId,
  TaskPriority,
  TaskSpec,
  TaskState,
  WorkerRef,
} from "./task.ts";

/** What a task has in every state. */
interface TaskCore {
  readonly id: TaskId;
  readonly spec: TaskSpec;
  readonly priority: TaskPriority;
  readonly by: Actor;
  readonly createdMs: number;
  /** When it came into its state. */
  readonly changedMs: number;
  /** In the line of all tasks; unlike any other's. An attempt more does not change it. */
  readonly place: number;
  /** When it came to its place: it ages from then on. */
  readonly queuedMs: number;
  /** How often it was claimed. */
  readonly fence: number;
  readonly attempts: readonly Attempt[];
  /** Attempts that ended by themselves since it came to its place. */
  readonly spent: number;
  /** Attempts that were lost with their worker since then. */
  readonly losses: number;
  readonly fingerprint?: string;
  /** Names the environment of its tests among those that are kept. */
  readonly envHash?: string;
}

/** Waits for a worker. */
export interface QueuedTask extends TaskCore {
  readonly state: "queued";
}

/** A worker has it. */
export interface HeldTask extends TaskCore {
  readonly state: "starting" | "running";
  readonly lease: { readonly worker: WorkerRef; readonly fence: number; readonly untilMs: number };
  readonly progress?: Progress;
  readonly cancelRequest?: CancelRequest;
}

/** Waits for a time. */
export interface WaitingTask extends TaskCore {
  readonly state: "retry-wait";
  readonly notBeforeMs: number;
}

/** Has a result. */
export interface DecidedTask extends TaskCore {
  readonly state: "completed" | "failed" | "timed-out";
  readonly result: AttemptResult;
}

/** Was not wanted any more. */
export interface CancelledTask extends TaskCore {
  readonly state: "cancelled";
  readonly reason: string;
  /** Of the attempt that was under way, if its worker told. */
  readonly result?: AttemptResult;
}

/** Its workers vanish. */
export interface LostTask extends TaskCore {
  readonly state: "lost";
  readonly reason: string;
}

/** A task that is not over. */
export type OpenTask = QueuedTask | HeldTask | WaitingTask;

/** A task that is over. */
export type FinalTask = DecidedTask | CancelledTask | LostTask;

/**
 * A task, of which each state has only its own data.
 *
 * ```text
 *                 claim              heartbeat: it runs
 *   ┌──> queued ─────────> starting ────────────────────> running
 *   │      ^  ^               └───────────────┬──────────────┘
 *   │      │  └───────────── lose, release ───┤
 *   │      │ due                              │
 *   │   retry-wait <── complete, release ─────┤
 *   │                                         │
 *   │                                         └── complete ──> completed | failed | timed-out
 *   │   lose, with no losses left ──> lost
 *   │   cancel: queued, retry-wait ──> cancelled at once; starting, running ──> when the attempt ends
 *   │
 *   └── redrive: from completed, failed, timed-out, cancelled, lost
 * ```
 */
export type Task = OpenTask | FinalTask;

/** Who wants a task to end, since when and why. */
export interface CancelRequest {
  readonly by: Actor;
  readonly atMs: number;
  readonly reason?: string;
}

/** How long to wait before another attempt, in milliseconds: doubled each time, up to `capMs`, and of that a random part. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Of attempts that were given back, only the newest are kept: a worker without room may do so for hours. */
const keptReleases = 20;

const finalStates: ReadonlySet<TaskState> = new Set<FinalTaskState>([
  "completed",
  "failed",
  "timed-out",
  "cancelled",
  "lost",
]);

/** Whether a task in this state is over. */
export function isFinalState(state: TaskState): state is FinalTaskState {
  return finalStates.has(state);
}

/** Whether a task is over. */
export function isFinal(task: Task): task is FinalTask {
  return isFinalState(task.state);
}

/** Whether a worker has the task. */
export function isHeld(task: Task): task is HeldTask {
  return task.state === "starting" || task.state === "running";
}

/** A worker gets the task, with a fence that is higher than any before. */
export function claim(
  task: QueuedTask,
  { worker, leaseMs, nowMs }: { readonly worker: WorkerRef; readonly leaseMs: number; readonly nowMs: number },
): HeldTask {
  const fence = task.fence + 1;
  const attempt: Attempt = { fence, worker, startedMs: nowMs, status: "running" };
  return {
    ...core(task),
    state: "starting",
    changedMs: nowMs,
    fence,
    attempts: [...task.attempts, attempt],
    lease: { worker, fence, untilMs: nowMs + leaseMs },
  };
}

/** The worker, or the one that goes on for it, is alive; what it tells is added to what it told. */
export function heartbeat(
  task: HeldTask,
  {
    leaseMs,
    nowMs,
    worker = task.lease.worker,
    progress,
  }: { readonly leaseMs: number; readonly nowMs: number; readonly worker?: WorkerRef; readonly progress?: Progress },
): HeldTask {
  const isRunning = task.state === "running" || progress?.isRunning === true;
  const isStart = isRunning && task.state === "starting";
  return {
    ...task,
    state: isRunning ? "running" : "starting",
    ...(isStart ? { changedMs: nowMs } : {}),
    attempts: endOfAttempt(task, { worker }),
    lease: { worker, fence: task.fence, untilMs: nowMs + leaseMs },
    ...(progress ? { progress: { ...task.progress, ...progress, isRunning } } : {}),
  };
}

/** The attempt is over: so is the task, or it waits for another one. */
export function complete(
  task: HeldTask,
  result: AttemptResult,
  { nowMs, random, backoff }: { readonly nowMs: number; readonly random: () => number; readonly backoff: Backoff },
): DecidedTask | CancelledTask | WaitingTask {
  const spent = task.spent + 1;
  const ended = {
    ...core(task),
    changedMs: nowMs,
    spent,
    attempts: endOfAttempt(task, { status: "ended", endedMs: nowMs, result }),
  };
  if (result.outcome.status === "passed") return { ...ended, state: "completed", result };
  if (task.cancelRequest) return { ...ended, state: "cancelled", reason: cancelReason(task.cancelRequest), result };
  if (isWorthAnother(result) && spent <= task.spec.maxRetries) {
    return { ...ended, state: "retry-wait", notBeforeMs: nowMs + retryDelayMs(spent, backoff, random) };
  }
  const state = finalStateOf(result);
  if (state === "cancelled") return { ...ended, state, reason: "cancelled by its worker", result };
  return { ...ended, state, result };
}

/** The worker gives the task back; the attempt does not count. */
export function release(
  task: HeldTask,
  { reason, delayMs, nowMs }: { readonly reason: string; readonly delayMs: number; readonly nowMs: number },
): QueuedTask | WaitingTask | CancelledTask {
  const attempts = endOfAttempt(task, { status: "released", endedMs: nowMs, reason });
  const back = { ...core(task), changedMs: nowMs, attempts: withoutOldReleases(attempts) };
  if (task.cancelRequest) return { ...back, state: "cancelled", reason: cancelReason(task.cancelRequest) };
  if (delayMs > 0) return { ...back, state: "retry-wait", notBeforeMs: nowMs + delayMs };
  return { ...back, state: "queued" };
}

/** The worker has vanished. */
export function lose(
  task: HeldTask,
  { reason, nowMs, maxLosses }: { readonly reason: string; readonly nowMs: number; readonly maxLosses: number },
): QueuedTask | LostTask | CancelledTask {
  const losses = task.losses + 1;
  const attempts = endOfAttempt(task, { status: "lost", endedMs: nowMs, reason });
  const back = { ...core(task), changedMs: nowMs, losses, attempts };
  if (task.cancelRequest) return { ...back, state: "cancelled", reason: cancelReason(task.cancelRequest) };
  if (losses <= maxLosses) return { ...back, state: "queued" };
  return { ...back, state: "lost", reason: `lost with its worker ${losses} times, the last time because ${reason}` };
}

/** The time that a task waited for has come. Its place is still its own. */
export function requeue(task: WaitingTask, nowMs: number): QueuedTask {
  return { ...core(task), state: "queued", changedMs: nowMs };
}

/** Ends a task that nobody works on. */
export function cancel(task: QueuedTask | WaitingTask, request: CancelRequest): CancelledTask {
  return { ...core(task), state: "cancelled", changedMs: request.atMs, reason: cancelReason(request) };
}

/** Asks the worker to end its attempt; the first request stands. */
export function requestCancel(task: HeldTask, request: CancelRequest): HeldTask {
  return task.cancelRequest ? task : { ...task, cancelRequest: request };
}

/** Queues a task that is over once more: at the end of the line, with nothing spent. */
export function redrive(
  task: FinalTask,
  { place, nowMs }: { readonly place: number; readonly nowMs: number },
): QueuedTask {
  return { ...core(task), state: "queued", changedMs: nowMs, queuedMs: nowMs, place, spent: 0, losses: 0 };
}

/** What somebody did, for people: `by a person: not needed any more`. */
function cancelReason({ by, reason }: CancelRequest): string {
  const said = reason === undefined ? "" : `: ${reason}`;
  if (by.kind === "task") return `superseded by ${by.name ?? "a newer task"}${said}`;
  const who = by.kind === "worker" ? "its worker" : `a ${by.kind}`;
  return `cancelled by ${by.name ?? who}${said}`;
}

function isWorthAnother({ outcome, isFinal: isSettled = false }: AttemptResult): boolean {
  switch (outcome.status) {
    case "failed":
    case "timed-out":
    case "errored":
    case "inconclusive":
      return !isSettled;
    case "passed":
    case "skipped":
    case "cancelled":
      return false;
    default:
      return outcome satisfies never;
  }
}

function finalStateOf({ outcome }: AttemptResult): "completed" | "failed" | "timed-out" | "cancelled" {
  switch (outcome.status) {
    case "passed":
      return "completed";
    case "timed-out":
      return "timed-out";
    case "cancelled":
      return "cancelled";
    case "failed":
    case "errored":
    case "inconclusive":
    case "skipped":
      return "failed";
    default:
      return outcome satisfies never;
  }
}

/** Source: AWS Architecture Blog, "Exponential Backoff And Jitter", full jitter. */
function retryDelayMs(spent: number, { baseMs, capMs }: Backoff, random: () => number): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** (spent - 1)));
}

/** The last attempt, which is the one under way, with what is new about it. */
function endOfAttempt({ attempts }: HeldTask, news: Partial<Attempt>): Attempt[] {
  return attempts.map((attempt, index) => (index === attempts.length - 1 ? { ...attempt, ...news } : attempt));
}

function withoutOldReleases(attempts: readonly Attempt[]): readonly Attempt[] {
  const released = attempts.filter(({ status }) => status === "released");
  const [tooOld] = released.length > keptReleases ? released : [];
  return tooOld ? attempts.filter((attempt) => attempt !== tooOld) : attempts;
}

/** What stays with a task whatever its state becomes. */
function core(task: Task): TaskCore {
  const { id, spec, priority, by, createdMs, changedMs, place, queuedMs, fence, attempts, spent, losses } = task;
  const { fingerprint, envHash } = task;
  return {
    ...{ id, spec, priority, by, createdMs, changedMs, place, queuedMs, fence, attempts, spent, losses },
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(envHash === undefined ? {} : { envHash }),
  };
}
