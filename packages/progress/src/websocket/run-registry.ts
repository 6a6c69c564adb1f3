import type { RunId } from "@netra-apex/core";
import type { HubLimits } from "./hub-limits.ts";
import { LiveRun, PublishRefusal, type RunAddress } from "./live-run.ts";
import type { ReaderConnection } from "./reader-connection.ts";

/** All that there is of one user. Nothing leads from here to another user's. */
export class UserRuns {
  readonly runs = new Map<RunId, LiveRun>();
  readonly readers = new Set<ReaderConnection>();
}

/** The runs of a hub, user by user, within its bounds. */
export class RunRegistry {
  readonly #limits: HubLimits;
  readonly #users = new Map<string, UserRuns>();
  #bytes = 0;

  constructor(limits: HubLimits) {
    this.#limits = limits;
  }

  /** Of the events that are kept of all runs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many runs there are. */
  get size(): number {
    return this.#all().length;
  }

  /** A user's runs; it is made where there is none yet. */
  ofUser(userId: string): UserRuns {
    const known = this.#users.get(userId);
    if (known) return known;
    const user = new UserRuns();
    this.#users.set(userId, user);
    return user;
  }

  /** The run of that name, as it is or new. Throws where the user has it in another thread, for its numbers would mix. */
  open(address: RunAddress, start: { readonly nowMs: number; readonly lastSeq: number }): LiveRun {
    const user = this.ofUser(address.userId);
    const known = user.runs.get(address.runId);
    if (known) {
      if (known.address.threadId === address.threadId) return known;
      throw new PublishRefusal("forbidden", "this run is in another thread");
    }
    if (user.runs.size >= this.#limits.runsPerUser) this.#forget(address.userId, leastNeeded(user.runs.values()));
    this.#forgetDigests();
    const run = new LiveRun(address, this.#limits, start);
    user.runs.set(address.runId, run);
    for (const reader of user.readers) reader.meet(run);
    return run;
  }

  /** Lets a run change, and keeps all of them together within what is kept. */
  change(run: LiveRun, change: (run: LiveRun) => void): void {
    const before = run.log.bytes;
    try {
      change(run);
    } finally {
      this.#bytes += run.log.bytes - before;
      if (this.#bytes > this.#limits.retainedBytes) this.#trim();
    }
  }

  /** Forgets what nobody has been told of for long, and users of whom nothing is left. */
  sweep(nowMs: number): void {
    for (const { address, changedAtMs } of this.#all()) {
      if (nowMs - changedAtMs > this.#limits.forgottenAfterMs) this.#forget(address.userId, address.runId);
    }
    for (const [userId, { runs, readers }] of this.#users) {
      if (runs.size === 0 && readers.size === 0) this.#users.delete(userId);
      for (const run of runs.values()) run.forgetFrames();
    }
  }

  #all(): LiveRun[] {
    return [...this.#users.values()].flatMap(({ runs }) => [...runs.values()]);
  }

  #forget(userId: string, runId: RunId | undefined): void {
    const user = this.#users.get(userId);
    const run = runId === undefined ? undefined : user?.runs.get(runId);
    if (!user || !run) return;
    user.runs.delete(run.address.runId);
    this.#bytes -= run.log.bytes;
    for (const { reader } of run.followers) reader.leave(run);
  }

  /** What runs amount to is small beside their events, but of many runs it is not. */
  #forgetDigests(): void {
    const runs = this.#all();
    let chars = runs.reduce((sum, { log }) => sum + log.digest.size, 0);
    if (chars <= this.#limits.retainedBytes) return;
    for (const { address, log } of runs.sort(byNeed)) {
      if (chars <= this.#limits.retainedBytes) return;
      chars -= log.digest.size;
      this.#forget(address.userId, address.runId);
    }
  }

  /** Events of runs that ended go first; a part more than must go, so that this is not done for each event. */
  #trim(): void {
    const enough = this.#limits.retainedBytes * 0.9;
    for (const { log } of this.#all().sort(byNeed)) {
      if (this.#bytes <= enough) return;
      const before = log.bytes;
      log.trimTo(Math.max(0, before - (this.#bytes - enough)));
      this.#bytes += log.bytes - before;
    }
  }
}

function leastNeeded(runs: Iterable<LiveRun>): RunId | undefined {
  return [...runs].sort(byNeed)[0]?.address.runId;
}

function byNeed(left: LiveRun, right: LiveRun): number {
  return Number(right.log.isFinished) - Number(left.log.isFinished) || left.changedAtMs - right.changedAtMs;
}
