import { setTimeout, clearTimeout } from "node:timers";
import type { AskLimits } from "../instance.ts";
import { EngineError } from "./engine-error.ts";

/**
 * Asks an engine something. Whatever it does, the answer is there by the deadline: an `EngineError` of the problem `engine-slow`
 * then, the signal's reason where that ends it.
 *
 * @param what for people: `docker at unix:///var/run/docker.sock`.
 */
export async function askWithin<Answer>(
  { deadlineMs, signal }: AskLimits,
  what: string,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const over = new Promise<never>((_, reject) => {
    ended.signal.addEventListener("abort", () => reject(ended.signal.reason), { once: true });
  });
  const end = (reason: unknown): void => ended.abort(reason);
  const slow = (): void => {
    end(new EngineError("engine-slow", `${what} did not answer within ${Math.round(deadlineMs) / 1_000} s`));
  };
  const timer = setTimeout(slow, deadlineMs);
  const abort = (): void => end(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([over, ask(ended.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    // Ends what is still under way of it; nobody waits for `over` any more.
    over.catch(() => {});
    ended.abort();
  }
}
