import { onWake, type QueuePlace } from "@netra-apex/background-e2e";

/** Resolves when somebody has changed the queue, after `lookMs` anyway, and as soon as the signal is aborted. */
export function nextChange(place: QueuePlace, lookMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stopWatching();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stopWatching = onWake(place, done, lookMs);
    signal.addEventListener("abort", done, { once: true });
  });
}
