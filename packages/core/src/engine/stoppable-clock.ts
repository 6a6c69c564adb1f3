import type { Clock } from "../clock.ts";

interface Timer {
  readonly callback: () => void;
  atMs: number;
  cancel: (() => void) | undefined;
}

/** A clock whose monotonic time, and whatever is scheduled on it, stands still while it is stopped. */
export class StoppableClock implements Clock {
  readonly #clock: Clock;
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

  #arm(timer: Timer): void {
    timer.cancel = this.#clock.schedule(timer.atMs - this.monotonicMs(), () => {
      this.#timers.delete(timer);
      timer.callback();
    });
  }
}
