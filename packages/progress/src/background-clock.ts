import { type Clock, systemClock } from "@netra-apex/core";

/** The machine's clock for work that must not keep the process alive: its timers are unref'd. */
export const backgroundClock: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
