import { type Clock, describeThrown } from "@netra-apex/core";
import type { SendResult } from "./span-sender.ts";

/** How spans wait and are sent. */
export interface SpanQueueOptions {
  readonly clock: Clock;
  /** For the wait at the end, which alone must keep the process alive: else it could be over before that. */
  readonly closeClock: Clock;
  /** Sends a batch of encoded spans. Must not reject; the signal is aborted when the end cannot wait any longer. */
  readonly send: (spans: readonly string[], signal: AbortSignal) => Promise<SendResult>;
  /** Characters of encoded spans that may wait; what comes beyond is dropped. */
  readonly mostWaitingChars: number;
}

const batchSpans = 512;
const batchChars = 1024 * 1024;
/** So long a span may wait for others. */
const gatherMs = 2_000;
/** The collector's own wish is kept, up to this. */
const longestWaitMs = 30_000;
const firstWaitMs = 1_000;
const mostTries = 5;

/** Sends spans in batches, one after another, while the run goes on. Nothing in here waits for a collector but `close`. */
export class SpanQueue {
  readonly #options: SpanQueueOptions;
  readonly #stop = new AbortController();
  #waiting: string[] = [];
  #waitingChars = 0;
  #dropped = 0;
  #total = 0;
  #reason: string | undefined;
  #note: string | undefined;
  #pumping: Promise<void> | undefined;
  #isClosing = false;
  #cancelGather: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  /** Spans that were added. */
  get total(): number {
    return this.#total;
  }

  /** Spans that no collector took. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the last ones were not taken; where all were, what an answer said beside that. */
  get fault(): string | undefined {
    return this.#dropped > 0 ? this.#reason : this.#note;
  }

  add(span: string): void {
    this.#total += 1;
    if (this.#waitingChars + span.length > this.#options.mostWaitingChars) {
      this.#drop(1, this.#reason ?? "more spans came than could be sent");
      return;
    }
    this.#waiting.push(span);
    this.#waitingChars += span.length;
    this.#goOn();
  }

  /** Sends what waits, for at most `withinMs`; what is left then is dropped. */
  async close(withinMs: number): Promise<void> {
    this.#isClosing = true;
    const cancel = this.#options.closeClock.schedule(withinMs, () => {
      this.#stop.abort(new Error(this.#reason ?? `it did not answer within ${withinMs}ms`));
      this.#wake?.();
    });
    while (this.#pumping || this.#waiting.length > 0) {
      this.#pump();
      await this.#pumping;
    }
    cancel();
  }

  /** Sends a whole batch at once; a part of one waits for more. */
  #goOn(): void {
    if (this.#pumping || this.#waiting.length === 0) return;
    if (this.#waiting.length >= batchSpans) this.#pump();
    else this.#cancelGather ??= this.#options.clock.schedule(gatherMs, () => this.#pump());
  }

  #pump(): void {
    this.#cancelGather?.();
    this.#cancelGather = undefined;
    // Not within the run's own event.
    this.#pumping ??= Promise.resolve()
      .then(() => this.#sendAll())
      .finally(() => {
        this.#pumping = undefined;
        this.#goOn();
      });
  }

  async #sendAll(): Promise<void> {
    do {
      const batch = this.#take();
      if (this.#stop.signal.aborted) this.#drop(batch.length, describeThrown(this.#stop.signal.reason));
      else await this.#sendBatch(batch);
    } while (this.#waiting.length >= (this.#isClosing ? 1 : batchSpans));
  }

  /** The batch counts as waiting until it is sent: it takes as much memory. */
  #take(): string[] {
    let count = 0;
    let chars = 0;
    for (const span of this.#waiting) {
      if (count === batchSpans || (count > 0 && chars + span.length > batchChars)) break;
      count += 1;
      chars += span.length;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }

  async #sendBatch(batch: readonly string[]): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const result = await this.#options.send(batch, this.#stop.signal);
      if (result.kind === "taken") {
        this.#note = result.note ?? this.#note;
        if (result.refused > 0) this.#drop(Math.min(result.refused, batch.length), result.note ?? "it refused them");
        break;
      }
      this.#reason = result.reason;
      if (result.kind === "refused" || tries === mostTries || this.#stop.signal.aborted) {
        this.#drop(batch.length, result.reason);
        break;
      }
      // Full jitter, as many clients may be told to go away at once.
      const wishMs = result.afterMs ?? firstWaitMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2);
      await this.#pause(Math.min(wishMs, longestWaitMs));
    }
    this.#waitingChars -= batch.reduce((sum, span) => sum + span.length, 0);
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.schedule(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #drop(count: number, reason: string): void {
    this.#dropped += count;
    this.#reason = reason;
  }
}
