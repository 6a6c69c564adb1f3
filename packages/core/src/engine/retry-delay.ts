import type { RetryPolicy } from "../layers/category.ts";

/**
 * Milliseconds to wait before the attempt after `attempt` (1 is the first): exponential, capped, and with `full` jitter
 * a random part of that. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
export function retryDelayMs({ backoff }: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (attempt - 1));
  return backoff.jitter === "full" ? random() * ceiling : ceiling;
}
