import type { Claim, ClaimRef, Enqueued, NewTask } from "../../src/index.ts";

/** What the queue has promised of one task, as far as its answers say. */
interface Promised {
  readonly task: NewTask;
  readonly order: number;
  readonly queuedMs: number;
  /** Nothing but its being queued has happened to it. */
  isFresh: boolean;
  /** It was sent back to the queue at some time. */
  isRedriven: boolean;
  fence: number;
  /** The fence of the claim that nobody has ended or taken away. */
  holder: number | undefined;
  /** It must never be claimed again, unless somebody sends it back. */
  isOver: boolean;
  cancelRequested: boolean;
  /** Since it came to the queue. */
  claims: number;
  releases: number;
  readonly stored: Set<number>;
}

/** How often a task may be claimed because its workers vanish. */
const maxLosses = 2;
const ageingMs = 30 * 60_000;

/**
 * Hears every answer of the queue and says where two of them cannot both be true. It knows no rule of how the queue comes to an
 * answer, only what must hold whatever happens.
 */
export class Witness {
  readonly tasks = new Map<string, Promised>();
  readonly #keys = new Map<string, string>();
  #order = 0;

  enqueued(task: NewTask, { taskId, created, superseded }: Enqueued, nowMs: number): void {
    const key = task.idempotencyKey;
    const known = key === undefined ? undefined : this.#keys.get(key);
    if (known !== undefined) this.#must(known === taskId && !created, `the key ${key} gives ${taskId}, not ${known}`);
    if (key !== undefined) this.#keys.set(key, taskId);
    if (created) {
      this.#must(!this.tasks.has(taskId), `${taskId} is there twice`);
      this.#order += 1;
      const nothing = { fence: 0, claims: 0, releases: 0, holder: undefined, stored: new Set<number>() };
      const flags = { isFresh: true, isRedriven: false, isOver: false, cancelRequested: false };
      this.tasks.set(taskId, { task, order: this.#order, queuedMs: nowMs, ...nothing, ...flags });
    }
    if (!created && known === undefined) this.#hurry(taskId, task);
    for (const id of superseded) this.cancelled(id, this.of(id).holder === undefined ? "cancelled" : "requested");
  }

  /** Whoever joins a task that waits may be in more of a hurry. */
  #hurry(taskId: string, { priority }: NewTask): void {
    const promised = this.of(taskId);
    if (promised.holder !== undefined || priority >= promised.task.priority) return;
    Object.assign(promised, { task: { ...promised.task, priority } });
  }

  claimed({ taskId, fence, task }: Claim, nowMs: number): void {
    const promised = this.of(taskId);
    this.#must(fence === promised.fence + 1, `the fence of ${taskId} goes from ${promised.fence} to ${fence}`);
    this.#must(promised.holder === undefined, `${taskId} is claimed while ${promised.holder} holds it`);
    this.#must(!promised.isOver, `${taskId} is claimed although it is over`);
    this.#must(!promised.cancelRequested, `${taskId} is claimed although it was to end`);
    this.#must(task.state === "starting", `${taskId} is claimed and ${task.state}`);
    if (promised.isFresh) this.#checkOrder(taskId, promised, nowMs);
    Object.assign(promised, { fence, holder: fence, isFresh: false, claims: promised.claims + 1 });
    const budget = promised.task.spec.maxRetries + 1 + maxLosses;
    this.#must(promised.claims - promised.releases <= budget, `${taskId} has more than ${budget} attempts`);
  }

  /** Whoever has been there for longer, and has waited for long enough, is first. */
  #checkOrder(claimedId: string, claimed: Promised, nowMs: number): void {
    for (const [id, other] of this.tasks) {
      if (!other.isFresh || other.order >= claimed.order) continue;
      this.#must(other.task.priority !== claimed.task.priority, `${claimedId} overtakes ${id} of its own priority`);
      const isStarving = nowMs - other.queuedMs >= (other.task.priority - 1) * ageingMs;
      this.#must(!isStarving, `${claimedId} overtakes ${id}, which has waited for ${nowMs - other.queuedMs} ms`);
    }
  }

  beaten({ taskId, fence }: ClaimRef, answer: "held" | "cancel-requested" | "lost"): void {
    const { holder, cancelRequested } = this.of(taskId);
    if (answer === "lost") this.#must(holder !== fence, `${taskId}/${fence} is lost, and nobody has taken it`);
    else this.#must(holder === fence, `${taskId}/${fence} is held, and so is ${holder}`);
    if (holder === fence) this.#must((answer === "cancel-requested") === cancelRequested, `${taskId} hears ${answer}`);
  }

  completed({ taskId, fence }: ClaimRef, answer: "stored" | "already-stored" | "stale", state: string): void {
    const promised = this.of(taskId);
    const isStored = promised.stored.has(fence);
    this.#must(isStored === (answer === "already-stored"), `${taskId}/${fence} is ${answer}, before: ${isStored}`);
    if (answer !== "stored") return;
    this.#must(promised.holder === fence, `${taskId}/${fence} stores a result while ${promised.holder} holds it`);
    this.#must(!promised.isOver, `${taskId} has two results`);
    const isWanted = !promised.cancelRequested || state === "completed" || state === "cancelled";
    this.#must(isWanted, `${taskId} was to end and is ${state}`);
    promised.stored.add(fence);
    Object.assign(promised, { holder: undefined, isOver: state !== "retry-wait" });
  }

  released({ taskId, fence }: ClaimRef, answer: "requeued" | "cancelled" | "stale"): void {
    const promised = this.of(taskId);
    this.#must((promised.holder === fence) === (answer !== "stale"), `${taskId}/${fence} given back: ${answer}`);
    if (answer === "stale") return;
    this.#must((answer === "cancelled") === promised.cancelRequested, `${taskId} was to end and is ${answer}`);
    Object.assign(promised, { holder: undefined, releases: promised.releases + 1, isOver: answer === "cancelled" });
  }

  cancelled(taskId: string, answer: "cancelled" | "requested" | "already-final" | "unknown"): void {
    const promised = this.of(taskId);
    this.#must(answer !== "unknown", `${taskId} is unknown`);
    this.#must((answer === "already-final") === promised.isOver, `${taskId}, over: ${promised.isOver}, is ${answer}`);
    this.#must((answer === "requested") === (promised.holder !== undefined), `${taskId} is ${answer}`);
    promised.isFresh = false;
    if (answer === "requested") promised.cancelRequested = true;
    if (answer === "cancelled") promised.isOver = true;
  }

  redriven(taskId: string, answer: "requeued" | "not-final" | "unknown"): void {
    const promised = this.of(taskId);
    this.#must((answer === "requeued") === promised.isOver, `${taskId}, over: ${promised.isOver}, is ${answer}`);
    if (answer !== "requeued") return;
    const again = { isRedriven: true, isOver: false, cancelRequested: false, claims: 0, releases: 0 };
    Object.assign(promised, again);
  }

  reaped({ taskId, fence }: ClaimRef, state: string): void {
    const promised = this.of(taskId);
    this.#must(promised.holder === fence, `${taskId}/${fence} is taken from nobody`);
    this.#must(state === (promised.cancelRequested ? "cancelled" : state), `${taskId} was to end and is ${state}`);
    Object.assign(promised, { holder: undefined, isOver: state !== "queued" });
  }

  pruned(taskId: string): void {
    this.#must(this.of(taskId).isOver, `${taskId} is removed before it is over`);
    this.tasks.delete(taskId);
  }

  /** Throws for a task that was never acknowledged. */
  of(taskId: string): Promised {
    const promised = this.tasks.get(taskId);
    if (!promised) throw new Error(`nobody has queued ${taskId}`);
    return promised;
  }

  #must(holds: boolean, message: string): void {
    if (!holds) throw new Error(message);
  }
}
