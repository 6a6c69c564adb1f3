import { statSync } from "node:fs";
import { type Outcome, ownProcess } from "@netra-apex/core";
import { onWake } from "../daemon/wake.ts";
import { usualPace, type WorkerPace } from "../daemon/worker-pace.ts";
import type { QueuePlace } from "../place.ts";
import type { ClaimRef, QueueBackend } from "../queue/queue-backend.ts";
import type { Actor, Progress, WorkerRef } from "../queue/task.ts";

/** Why the work on a task has to end before its own end. */
export type LeaseEnd =
  /** Somebody wants it to. */
  | { readonly kind: "cancelled"; readonly outcome: Outcome }
  /** Somebody else has the task now. */
  | { readonly kind: "lost" }
  /** This worker is to stop; the task goes back to the queue. */
  | { readonly kind: "released"; readonly reason: string };

/** Holds on to a task for as long as its attempt lasts, and finds out when it has to end. */
export class Lease {
  /** Aborted with a {@link LeaseEnd}. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #queue: QueueBackend;
  readonly #claim: ClaimRef;
  readonly #worker: WorkerRef;
  readonly #place: QueuePlace;
  readonly #pace: WorkerPace;
  readonly #inode: number | undefined;
  #progress: () => Progress = () => ({ isRunning: false, pid: process.pid });
  #stopWatching: () => void = () => undefined;
  #isAsking = false;
  #hasNews = true;
  /** The others know that the tests have been started, which changes the task's state. */
  #isKnownToRun = false;
  #renewedMs = 0;
  #toldMs = 0;

  constructor(queue: QueueBackend, place: QueuePlace, claim: ClaimRef, pace: WorkerPace = usualPace) {
    this.#pace = pace;
    this.#inode = statSync(place.file, { throwIfNoEntry: false })?.ino;
    this.#queue = queue;
    this.#place = place;
    this.#claim = claim;
    this.#worker = { id: `${claim.taskId}.${claim.fence}.${process.pid}`, process: ownProcess() };
    this.signal = this.#abort.signal;
  }

  /** Takes the claim over from whoever has made it for this process, and keeps it. */
  async take(progress: () => Progress): Promise<void> {
    this.#progress = progress;
    await this.#renew();
    if (!this.signal.aborted) this.#stopWatching = onWake(this.#place, () => void this.#look());
  }

  /** There is something new to tell. */
  changed(): void {
    this.#hasNews = true;
    // Of thousands of tests, the last ones are told with the next look.
    if (Date.now() - this.#toldMs >= this.#pace.tellMs) void this.#look();
  }

  /** Ends the work, so that another worker can take it up. */
  stop(reason: string): void {
    this.#end({ kind: "released", reason });
  }

  /** Lets go of it; the result, if there is one, has been handed in. */
  close(): void {
    this.#stopWatching();
  }

  get end(): LeaseEnd | undefined {
    return this.signal.aborted ? (this.signal.reason as LeaseEnd) : undefined;
  }

  async #look(): Promise<void> {
    const { renewMs, tellMs } = this.#pace;
    const nowMs = Date.now();
    const isDue =
      Math.abs(nowMs - this.#renewedMs) >= renewMs ||
      (this.#hasNews && nowMs - this.#toldMs >= tellMs) ||
      (!this.#isKnownToRun && this.#progress().isRunning);
    if (isDue) await this.#renew();
    else await this.#ask();
  }

  /** A look at the task costs nothing; a renewal is written to the disk. */
  async #ask(): Promise<void> {
    if (this.#isAsking || this.signal.aborted) return;
    this.#isAsking = true;
    try {
      // Somebody has removed the queue: what is still open here is for nobody, and a new queue knows nothing of it.
      if (statSync(this.#place.file, { throwIfNoEntry: false })?.ino !== this.#inode) {
        this.#end({ kind: "lost" });
        return;
      }
      const task = await this.#queue.get(this.#claim.taskId);
      if (task?.lease?.fence !== this.#claim.fence) this.#end({ kind: "lost" });
      else if (task.cancelRequest) this.#end({ kind: "cancelled", outcome: cancelledBy(task.cancelRequest.by) });
    } catch {
      // It is asked again, and a lease that cannot be renewed ends by itself.
    } finally {
      this.#isAsking = false;
    }
  }

  async #renew(): Promise<void> {
    if (this.#isAsking || this.signal.aborted) return;
    this.#isAsking = true;
    this.#hasNews = false;
    try {
      const progress = this.#progress();
      // Each time, as it may still be the one of the worker that made the claim.
      const { leaseMs } = this.#pace;
      const answer = await this.#queue.heartbeat(this.#claim, { leaseMs, progress, worker: this.#worker });
      this.#renewedMs = this.#toldMs = Date.now();
      this.#isKnownToRun = progress.isRunning;
      if (answer === "lost") this.#end({ kind: "lost" });
      if (answer === "cancel-requested") {
        const task = await this.#queue.get(this.#claim.taskId);
        this.#end({ kind: "cancelled", outcome: cancelledBy(task?.cancelRequest?.by) });
      }
    } catch {
      // The same: whoever cannot tell that it is alive loses the task in the end.
      this.#hasNews = true;
    } finally {
      this.#isAsking = false;
    }
  }

  #end(end: LeaseEnd): void {
    if (this.signal.aborted) return;
    this.#stopWatching();
    this.#abort.abort(end);
    if (end.kind !== "lost") this.#keepUntilClosed();
  }

  /** Ending a process tree takes its time, and the task is still ours then. */
  #keepUntilClosed(): void {
    const { leaseMs, renewMs } = this.#pace;
    const timer = setInterval(() => {
      this.#queue.heartbeat(this.#claim, { leaseMs }).catch(() => undefined);
    }, renewMs);
    this.#stopWatching = () => clearInterval(timer);
  }
}

function cancelledBy(by: Actor | undefined): Outcome {
  if (by?.kind === "task") {
    return { status: "cancelled", by: "superseded", reason: `superseded by ${by.name ?? "a newer task"}` };
  }
  const who =
    by?.name ??
    { person: "a person", program: "a program", schedule: "a schedule", worker: "the worker" }[by?.kind ?? "person"];
  return { status: "cancelled", by: "person", reason: `cancelled by ${who}` };
}
