import { existsSync, statSync } from "node:fs";
import { describeThrown, noTests, ownProcess, type ProcessIdentity, delay, systemClock } from "@netra-apex/core";
import { endRemains } from "../control/end-remains.ts";
import type { QueuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { Claim, ClaimRef, TaskView } from "../queue/queue-backend.ts";
import { programFile } from "../programs.ts";
import { isSettled, settleTask } from "../results/settle-task.ts";
import { finalStates, isFinal } from "../results/task-result.ts";
import { QueueClosedError } from "../queue/queue-errors.ts";
import { readFact } from "../settings.ts";
import { type AttemptProcess, startAttempt } from "./attempt-process.ts";
import { DaemonSeat, hasWork, type StopRequest } from "./daemon-record.ts";
import { endProcess, signalProcess } from "./end-process.ts";
import { runSchedules } from "./run-schedules.ts";
import { tidy } from "./tidy.ts";
import { onWake, wake } from "./wake.ts";
import { usualPace, type WorkerPace } from "./worker-pace.ts";

const tidyMs = 3_600_000;
/** How often a worker looks whether the one before it has left. */
const lookMs = 50;
/** For how long the queue may be unusable: a full disk, somebody who holds its lock. What runs goes on meanwhile. */
const enduranceMs = 10 * 60_000;
/** Workers and attempts look at their queue as often, whether they are woken or not. */
const tickMs = 1_000;
/** A worker looks at its queue every second: after a longer pause it, or the whole machine, was asleep. */
const asleepMs = 5_000;

/** What a worker works with. */
export interface QueueWorkerOptions {
  readonly queue: FileQueue;
  readonly place: QueuePlace;
  readonly version: string;
  /** A line for people who look for what went wrong. */
  readonly log: (line: string) => void;
  /** It stays when there is nothing to do. */
  readonly isLasting?: boolean;
  /** For tests. */
  readonly pace?: WorkerPace;
}

/** Why a worker has ended. */
export type WorkerEnd =
  | { readonly kind: "idle" | "stopped" | "handed-over" | "lost" | "moved" }
  /** Another one was there already. */
  | { readonly kind: "taken"; readonly pid: number };

/**
 * The one worker of a project: claims tasks while there is room, starts a process for each attempt, takes back what was lost, and leaves
 * when there is nothing to do. It keeps nothing that matters: attempts go on without it, and the next worker finds them.
 */
export class QueueWorker {
  readonly #queue: FileQueue;
  readonly #place: QueuePlace;
  readonly #seat: DaemonSeat;
  readonly #own: { id: string; process: ProcessIdentity; version: string; startedMs: number };
  readonly #log: (line: string) => void;
  readonly #isLasting: boolean;
  readonly #pace: WorkerPace;
  /** Of the database: somebody may remove it, and queue into a new one. */
  readonly #inode: number | undefined;
  readonly #attempts = new Map<string, AttemptProcess>();
  #stop: StopRequest | undefined;
  #wake: () => void = () => undefined;
  #isAwake = false;
  #beatMs = 0;
  #tidyMs = 0;
  #scheduleMs = 0;
  #busyMs = Date.now();
  #stepMs = Date.now();
  /** Leases are not judged before. */
  #reapMs = 0;
  #trouble: { readonly sinceMs: number; readonly message: string } | undefined;

  constructor({ queue, place, version, log, isLasting = false, pace = usualPace }: QueueWorkerOptions) {
    this.#queue = queue;
    this.#place = place;
    this.#seat = new DaemonSeat(queue.database, pace.silenceMs);
    this.#pace = pace;
    this.#inode = inodeOf(place.file);
    const process = ownProcess();
    const startedMs = Date.now();
    // A process may be a worker more than once.
    const id = `${process.place}.${process.pid}.${process.startedAt ?? startedMs}.${Math.random().toString(36).slice(2, 10)}`;
    this.#own = { id, process, version, startedMs };
    this.#log = log;
    this.#isLasting = isLasting;
  }

  /** Works until there is nothing to do, or until it is stopped. Rejects only when the queue cannot be used at all. */
  async run(): Promise<WorkerEnd> {
    let holder = await this.#seat.take(this.#own);
    while (holder.id !== this.#own.id) {
      // One that has been asked to leave does so in a moment.
      if (holder.stop === undefined) return { kind: "taken", pid: holder.process.pid };
      await delay(systemClock, lookMs);
      // To look costs nothing, to take is written to the disk.
      holder = this.#seat.holder() ?? (await this.#seat.take(this.#own));
    }
    // Somebody has stopped it before it had its place, where nobody could have asked it.
    if (!this.#isLasting && readFact(this.#queue.database, "stopped")) {
      await this.#seat.leave(this.#own.id);
      return { kind: "stopped" };
    }
    const stopListening = onWake(this.#place, () => this.nudge());
    try {
      let isFirst = true;
      for (;;) {
        if (isFirst) await this.#settleForgotten().catch((error: unknown) => this.#endure(error));
        isFirst = false;
        const end = await this.#step().catch((error: unknown) => this.#endure(error));
        if (end) return end;
        await this.#sleep();
      }
    } finally {
      stopListening();
      await this.#seat.leave(this.#own.id).catch(() => false);
    }
  }

  /** Asks it to stop, as `apex bg stop` would. */
  stop(how: StopRequest): void {
    this.#stop ??= how;
    // Whoever queues a task from now on has to see that this worker will not run it.
    this.#seat.requestStop(this.#own.id, this.#stop).catch(() => undefined);
    this.nudge();
  }

  /** Something may have changed. */
  nudge(): void {
    this.#isAwake = true;
    this.#wake();
  }

  async #step(): Promise<WorkerEnd | undefined> {
    const nowMs = Date.now();
    this.#noteSleep(nowMs);
    const asked = await this.#beat(nowMs);
    if (asked === "lost") return { kind: "lost" };
    // Another one watches what runs.
    if (this.#stop === "hand-over") return { kind: "handed-over" };
    const active = await this.#active();
    if (this.#stop === "stop") {
      await this.#giveBack(active);
      return { kind: "stopped" };
    }
    if (this.#stop === "finish") return active.length === 0 ? { kind: "stopped" } : undefined;
    if (inodeOf(this.#place.file) !== this.#inode) {
      this.#log("the queue was removed or replaced: there is nothing to do here any more");
      return { kind: "moved" };
    }
    if (!existsSync(programFile("attempt-main"))) {
      this.#log("the program of the attempts is gone (apex was removed or updated): another worker has to go on");
      return { kind: "moved" };
    }
    await this.#startDue(nowMs);
    await this.#claim(active);
    const end = await this.#leaveIfIdle(nowMs);
    if (this.#trouble) this.#log("the queue can be used again");
    this.#trouble = undefined;
    return end;
  }

  /** After a sleep of the machine every lease is over, and nobody has had the time to renew one. */
  #noteSleep(nowMs: number): void {
    const pausedMs = nowMs - this.#stepMs;
    this.#stepMs = nowMs;
    if (pausedMs < 0 || pausedMs > asleepMs) this.#spareLeases(nowMs);
  }

  /** A queue that cannot be used now may be usable in a moment; not one that was closed. */
  #endure(error: unknown): undefined {
    if (error instanceof QueueClosedError) throw error;
    const message = describeThrown(error);
    const sinceMs = this.#trouble?.sinceMs ?? Date.now();
    if (Date.now() - sinceMs > enduranceMs) throw error;
    if (this.#trouble?.message !== message) this.#log(`the queue cannot be used: ${message}`);
    this.#trouble = { sinceMs, message };
  }

  /** Gives every attempt the time to renew its lease before it is judged. */
  #spareLeases(nowMs: number): void {
    this.#reapMs = nowMs + this.#pace.renewMs + tickMs;
  }

  #heed(asked: StopRequest | undefined): void {
    // Somebody wants to run what is queued, and not to wait for the end of what runs.
    if (asked === "hand-over" && this.#stop === "finish") this.#stop = asked;
    this.#stop ??= asked;
  }

  /** Says that it is alive, now and then, and takes back what others have lost. */
  async #beat(nowMs: number): Promise<"lost" | undefined> {
    if (nowMs - this.#beatMs < this.#pace.beatMs && nowMs >= this.#beatMs) {
      // A request to stop is not to wait for the next beat.
      this.#heed(this.#seat.holder(nowMs)?.stop);
      return undefined;
    }
    const answer = await this.#seat.heartbeat(this.#own.id, nowMs);
    this.#beatMs = nowMs;
    // If this was in vain before, or had to wait, so was everybody's.
    if (this.#trouble || Date.now() - nowMs > tickMs) this.#spareLeases(Date.now());
    if (answer === "lost") return "lost";
    if (answer !== "go-on") this.#heed(answer);
    await this.#reap();
    if (nowMs - this.#tidyMs > tidyMs) {
      this.#tidyMs = nowMs;
      await tidy(this.#queue, this.#place, this.#log);
    }
    return undefined;
  }

  async #reap(): Promise<void> {
    if (Date.now() < this.#reapMs) return;
    const reaped = await this.#queue.reap();
    if (reaped.length > 0) wake(this.#place);
    const lost = reaped.map(async ({ taskId, fence, worker, state }) => {
      this.#log(`${taskId}: attempt ${fence} was lost with its worker; it is ${state} now`);
      // It was stopped for too long, or hangs: its tests end with it.
      if (worker.process && worker.process.pid !== process.pid) await endProcess(worker.process);
      const task = await this.#queue.get(taskId);
      if (!task || !isFinal(task)) return;
      // The next attempt ends what is left before it starts; here there is none.
      await endRemains(task);
      await settleTask(this.#queue, this.#place, task, this.#log);
    });
    await Promise.all(lost);
  }

  async #startDue(nowMs: number): Promise<void> {
    if (nowMs < this.#scheduleMs) return;
    this.#scheduleMs = await runSchedules(this.#queue, nowMs, this.#log);
  }

  async #claim(active: readonly TaskView[]): Promise<void> {
    const { concurrency = 1 } = readFact(this.#queue.database, "settings") ?? {};
    const worker = { id: this.#own.id, process: this.#own.process };
    const { leaseMs } = this.#pace;
    let isAlone = active.some(({ spec }) => spec.isExclusive);
    for (let running = active.length; running < concurrency && !isAlone; running += 1) {
      // One that must be alone is not passed over: it would wait for ever.
      if (running > 0 && (await this.#isNextExclusive())) return;
      const [claim] = await this.#queue.claim({ worker, leaseMs, max: 1 });
      if (!claim) return;
      isAlone = claim.task.spec.isExclusive ?? false;
      wake(this.#place);
      await this.#start(claim);
    }
  }

  async #isNextExclusive(): Promise<boolean> {
    const { items } = await this.#queue.list({ states: ["queued"] }, { order: "urgency", limit: 1 });
    return items[0]?.spec.isExclusive ?? false;
  }

  async #start(claim: Claim): Promise<void> {
    const { taskId, fence } = claim;
    const attempt = startAttempt(claim, this.#place, { version: this.#own.version, pace: this.#pace });
    this.#attempts.set(`${taskId}.${fence}`, attempt);
    void attempt.ended.then(async (end) => {
      this.#attempts.delete(`${taskId}.${fence}`);
      await this.#settle(claim, end).catch((error: unknown) => this.#log(`${taskId}: ${describeThrown(error)}`));
      this.nudge();
    });
    const { process: identity } = attempt;
    if (!identity) return;
    const bound = { id: `${taskId}.${fence}.${identity.pid}`, process: identity };
    await this.#queue.heartbeat(claim, { leaseMs: this.#pace.leaseMs, worker: bound });
    this.#log(`${taskId}: attempt ${fence} started, pid ${identity.pid}`);
  }

  /** An attempt's process has ended: with its result handed in, as a rule. */
  async #settle(claim: Claim, end: { readonly problem?: string }): Promise<void> {
    if (this.#stop === "stop") await this.#release(claim);
    const task = await this.#queue.get(claim.taskId);
    if (task?.lease?.fence === claim.fence && end.problem !== undefined) {
      const outcome = { status: "errored", reason: end.problem } as const;
      await this.#queue.complete(claim, { outcome, counts: noTests, durationMs: 0 });
      wake(this.#place);
      const ended = await this.#queue.get(claim.taskId);
      if (ended) await settleTask(this.#queue, this.#place, ended, this.#log);
    }
    await this.#reap();
  }

  /** Ends what runs, with all its processes; the tasks are queued again, as if they had not been started. */
  async #giveBack(active: readonly TaskView[]): Promise<void> {
    const held = active.flatMap(({ lease }) => lease?.worker.process ?? []).filter(({ pid }) => pid !== process.pid);
    for (const identity of held) signalProcess(identity, "SIGTERM");
    const deadline = Date.now() + this.#pace.stopGraceMs;
    for (const identity of held) await endProcess(identity, Math.max(0, deadline - Date.now()));
    for (const { id, lease } of active) if (lease) await this.#release({ taskId: id, fence: lease.fence });
    await this.#queue.reap();
  }

  /** An attempt that the worker has ended before it could give its task back has not lost it. */
  async #release(claim: ClaimRef): Promise<void> {
    await this.#queue.release(claim, { reason: "the worker was stopped", delayMs: 0 });
  }

  async #active(): Promise<readonly TaskView[]> {
    const { items } = await this.#queue.list({ states: ["starting", "running"] }, { order: "urgency", limit: 100 });
    return items;
  }

  async #leaveIfIdle(nowMs: number): Promise<WorkerEnd | undefined> {
    if (this.#isLasting) return undefined;
    const { byState, paused } = await this.#queue.stats();
    const waiting = paused ? 0 : byState.queued + byState["retry-wait"];
    const settings = readFact(this.#queue.database, "settings");
    const hasSchedule = (settings?.schedule ?? []).length > 0;
    if (waiting + byState.starting + byState.running > 0 || hasSchedule) this.#busyMs = nowMs;
    if (nowMs - this.#busyMs < (settings?.idleExitMs ?? 0)) return undefined;
    // Whoever queues a task looks for a worker after that: one of the two sees the other.
    const hasLeft = await this.#seat.leave(this.#own.id, () => !hasWork(this.#queue.database));
    return hasLeft ? { kind: "idle" } : undefined;
  }

  /** Results that nobody has exported, because their worker was killed after it had handed them in. */
  async #settleForgotten(): Promise<void> {
    const { items } = await this.#queue.list({ states: [...finalStates] }, { order: "newest", limit: 50 });
    for (const task of items) {
      if (!isSettled(task, this.#place)) await settleTask(this.#queue, this.#place, task, this.#log);
    }
  }

  async #sleep(): Promise<void> {
    if (!this.#isAwake) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = () => undefined;
    this.#isAwake = false;
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
