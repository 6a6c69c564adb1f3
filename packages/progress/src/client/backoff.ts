/** How long to wait between tries to connect. */
export interface BackoffOptions {
  /** Bound of the first wait, in milliseconds; it doubles with each try. 250 when absent. */
  readonly initialMs?: number;
  /** No bound goes over this; 30,000 when absent. */
  readonly maxMs?: number;
  /** A connection that held for this long makes the next wait a first one again; 10,000 when absent. */
  readonly stableMs?: number;
}

/**
 * Exponential waits with full jitter: anything between nothing and the bound, so that those whom one hub has left do not all
 * come back at once (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  readonly stableMs: number;
  #tries = 0;

  constructor(
    { initialMs = 250, maxMs = 30_000, stableMs = 10_000 }: BackoffOptions = {},
    random: () => number = Math.random,
  ) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.stableMs = stableMs;
    this.#random = random;
  }

  /** Tries since the last connection that held. */
  get tries(): number {
    return this.#tries;
  }

  /** Milliseconds to wait before the next try, `atLeastMs` of them in any case. */
  next(atLeastMs = 0): number {
    // Past 2^30 the bound has long been reached.
    const boundMs = Math.min(this.#maxMs, this.#initialMs * 2 ** Math.min(this.#tries, 30));
    this.#tries += 1;
    return atLeastMs + Math.floor(this.#random() * boundMs);
  }

  /** The last connection held: the next wait is a first one. */
  reset(): void {
    this.#tries = 0;
  }
}
