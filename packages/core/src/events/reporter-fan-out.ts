import { describeThrown } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import type { Reporter } from "./reporter.ts";
import type { ReporterFailure, ReporterReview } from "./reporter-review.ts";
import type { RunEvent } from "./run-event.ts";

/** What a fan-out is made with. */
export interface ReporterFanOutOptions {
  readonly clock: Clock;
  /** Told of each reporter that was dropped, once, while the others still listen. */
  readonly onDrop?: (failure: ReporterFailure) => void;
}

/** Less than this is no trouble, however short the run. */
const leastBusyMs = 1_000;
/** Of the run's time; a reporter that takes more holds it up. */
const mostBusyShare = 0.05;

interface Member {
  readonly reporter: Reporter;
  /** Time that its `onEvent` has taken. */
  busyMs: number;
  /** What it has promised and not yet done. */
  readonly pending: Set<Promise<void>>;
  failure?: ReporterFailure;
  closing?: Promise<void>;
}

/**
 * Hands each event to all reporters, in order, and keeps them from harming the run and each other: one that throws, or whose
 * promise rejects, is dropped, closed and named; the time that each takes is measured; one that does not close is given up on.
 */
export class ReporterFanOut {
  readonly #clock: Clock;
  readonly #onDrop: ((failure: ReporterFailure) => void) | undefined;
  /** All of them, also those that were dropped. */
  readonly #members: Member[] = [];
  /** Replaced, never changed: it is walked while one of them may be dropped. */
  #listening: readonly Member[] = [];
  #startedMs: number | undefined;

  constructor({ clock, onDrop }: ReporterFanOutOptions) {
    this.#clock = clock;
    this.#onDrop = onDrop;
  }

  /** Adds a reporter; it gets the events from now on. */
  add(reporter: Reporter): void {
    const member: Member = { reporter, busyMs: 0, pending: new Set() };
    this.#members.push(member);
    this.#listening = [...this.#listening, member];
  }

  /** Hands an event to all. It is frozen: a reporter that wants to change it fails, and the others see it as it was. */
  deliver(event: RunEvent): void {
    Object.freeze(event);
    let before = this.#clock.monotonicMs();
    this.#startedMs ??= before;
    for (const member of this.#listening) {
      try {
        // A reporter may be somebody's asynchronous function.
        const result: unknown = member.reporter.onEvent(event);
        if (isPromise(result)) void this.#follow(member, result);
      } catch (error) {
        this.#drop(member, error);
      }
      const after = this.#clock.monotonicMs();
      member.busyMs += after - before;
      before = after;
    }
  }

  /** Closes all; resolves at the latest after `graceMs`, when those that have not finished are given up on. */
  async close(graceMs: number): Promise<ReporterReview> {
    const runMs = this.#clock.monotonicMs() - (this.#startedMs ?? this.#clock.monotonicMs());
    await Promise.all(this.#members.map((member) => this.#closeWithin(member, graceMs)));
    this.#listening = [];
    const members = this.#members.splice(0);
    return {
      failures: members.flatMap(({ failure }) => failure ?? []),
      slow: members
        .filter(({ busyMs }) => busyMs > Math.max(leastBusyMs, runMs * mostBusyShare))
        .map(({ reporter, busyMs }) => ({ reporter: reporter.name, busyMs, runMs })),
    };
  }

  async #follow(member: Member, result: PromiseLike<unknown>): Promise<void> {
    const done = this.#settled(member, result);
    member.pending.add(done);
    await done;
    member.pending.delete(done);
  }

  async #settled(member: Member, result: PromiseLike<unknown>): Promise<void> {
    try {
      await result;
    } catch (error) {
      this.#drop(member, error);
    }
  }

  #drop(member: Member, error: unknown): void {
    if (member.failure) return;
    const failure = { reporter: member.reporter.name, message: describeThrown(error), isDropped: true } as const;
    member.failure = failure;
    this.#listening = this.#listening.filter((other) => other !== member);
    // Nobody listens any more when a promise breaks while all are being closed.
    if (member.closing) return;
    this.#shut(member).catch(() => undefined);
    this.#onDrop?.(failure);
  }

  async #closeWithin(member: Member, graceMs: number): Promise<void> {
    let cancel: (() => void) | undefined;
    const grace = new Promise<never>((_, reject) => {
      const late = new Error(`it did not finish within ${formatDuration(graceMs)}`);
      cancel = this.#clock.schedule(graceMs, () => reject(late));
    });
    try {
      await Promise.race([this.#shut(member), grace]);
    } catch (error) {
      member.failure ??= { reporter: member.reporter.name, message: describeThrown(error) };
    } finally {
      cancel?.();
    }
  }

  /** Closes a reporter, once, when it has done what it had promised. */
  #shut(member: Member): Promise<void> {
    member.closing ??= (async () => {
      if (!member.failure) await Promise.all(member.pending);
      await member.reporter.close?.();
    })();
    return member.closing;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
