import type { Clock } from "@netra-apex/core";

/** The machine's clock, in browsers, too. */
export const pageClock: Pick<Clock, "now" | "schedule"> = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
