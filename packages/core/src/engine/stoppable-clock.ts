import type { Clock } from "../clock.ts";

interface Timer {
  readonly callback: () => void;
  atMs: number;
  cancel: (() => void) | undefined;
}

/** How often {@link StoppableClock.noticeGaps} looks at the time. */
const beatMs = 500;

/** A clock whose monotonic time, and whatever is scheduled on it, stands still while it is stopped. */
export class StoppableClock implements Clock {
  readonly #clock: Clock;
  #lastBeatMs: number | undefined;
  #longestGapMs = Number.POSITIVE_INFINITY;
  #cancelBeat: (() => void) | undefined;
  readonly #timers = new Set<Timer>();
  #stoppedAtMs: number | undefined;
  #lostMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonicMs(): number {
    return (this.#stoppedAtMs ?? this.#clock.monotonicMs()) - this.#lostMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { callback, atMs: this.monotonicMs() + delayMs, cancel: undefined };
    this.#timers.add(timer);
    if (this.#stoppedAtMs === undefined) this.#arm(timer);
    return () => {
      timer.cancel?.();
      this.#timers.delete(timer);
    };
  }

  /** Stops it; a stopped clock stays so. */
  stop(): void {
    if (this.#stoppedAtMs !== undefined) return;
    this.#stoppedAtMs = this.#clock.monotonicMs();
    for (const timer of this.#timers) timer.cancel?.();
  }

  /** Lets it go on where it stopped; returns how long it stood, in milliseconds. */
  start(): number {
    if (this.#stoppedAtMs === undefined) return 0;
    const stoodMs = this.#clock.monotonicMs() - this.#stoppedAtMs;
    this.#lostMs += stoodMs;
    this.#stoppedAtMs = undefined;
    for (const timer of this.#timers) this.#arm(timer);
    return stoodMs;
  }

  /**
   * From here on a stretch in which this process could do nothing at all for longer than `longestGapMs` does not count: it was
   * stopped by a signal, or the machine slept. Until {@link close}.
   */
  noticeGaps(longestGapMs: number): void {
    this.#longestGapMs = longestGapMs;
    this.#lastBeatMs = this.#clock.monotonicMs();
    const beat = (): void => {
      this.#skipGap();
      this.#cancelBeat = this.#clock.schedule(beatMs, beat);
    };
    this.#cancelBeat = this.#clock.schedule(beatMs, beat);
  }

  /** Ends what {@link noticeGaps} began. */
  close(): void {
    this.#cancelBeat?.();
    this.#lastBeatMs = undefined;
  }

  #skipGap(): void {
    if (this.#lastBeatMs === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const gapMs = nowMs - this.#lastBeatMs;
    this.#lastBeatMs = nowMs;
    if (gapMs > this.#longestGapMs && this.#stoppedAtMs === undefined) this.#lostMs += gapMs;
  }

  #arm(timer: Timer): void {
    timer.cancel = this.#clock.schedule(timer.atMs - this.monotonicMs(), () => {
      this.#skipGap();
      // After a gap it may not be due yet.
      if (this.monotonicMs() < timer.atMs && this.#lastBeatMs !== undefined) {
        this.#arm(timer);
        return;
      }
      this.#timers.delete(timer);
      timer.callback();
    });
  }
}
