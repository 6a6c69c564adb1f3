import type { Clock } from "../clock.ts";

/** A fixed clock: it moves only when told to. Starts on 31 January 2026 at 12:00 UTC. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs = 0;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  now(): number {
    return Date.UTC(2026, 0, 31, 12) + this.#nowMs + this.#wallOffsetMs;
  }

  /** Sets the wall clock forward or, with a negative number, back, as a person or a time server does. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on, firing timers in order, and lets the promises that they settle run in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = [...this.#timers].filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = end;
    await settle();
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }
}

/** Lets everything that is due as a microtask or immediate happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
