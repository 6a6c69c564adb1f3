import type { RetryPolicy } from "../layers/category.ts";
import { failureClassOf, type Outcome } from "../outcome.ts";

/**
 * Milliseconds to wait before the attempt after `attempt` (1 is the first): exponential, capped, and with `full` jitter
 * a random part of that. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
export function retryDelayMs({ backoff }: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (attempt - 1));
  return backoff.jitter === "full" ? random() * ceiling : ceiling;
}

/** Whether a policy counts an outcome, by its status or by the class of the failure, among those worth another attempt. */
export function isRetryable({ on }: RetryPolicy, outcome: Outcome): boolean {
  const failureClass = failureClassOf(outcome);
  return on.includes(outcome.status) || (failureClass !== undefined && on.includes(failureClass));
}

/** How many retries a layer or a run still has. */
export class RetryBudget {
  readonly #owner: string;
  readonly #limit: number;
  #used = 0;

  /** `owner` is what the budget belongs to, for people. */
  constructor(owner: string, limit: number) {
    this.#owner = owner;
    this.#limit = limit;
  }

  /** Why there is none left, if so. */
  get refusal(): string | undefined {
    return this.#used < this.#limit ? undefined : `the retry budget of ${this.#owner} (${this.#limit}) is used up`;
  }

  /** Uses one up. */
  take(): void {
    this.#used += 1;
  }
}

/** Takes a retry from every budget, or from none: the refusal of the first one that is used up. */
export function takeRetry(budgets: readonly (RetryBudget | undefined)[]): string | undefined {
  for (const budget of budgets) {
    const refusal = budget?.refusal;
    if (refusal !== undefined) return refusal;
  }
  for (const budget of budgets) budget?.take();
  return undefined;
}
