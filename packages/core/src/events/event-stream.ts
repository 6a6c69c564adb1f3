import type { UserContext } from "../agents/agent-context.ts";
import type { Clock } from "../clock.ts";
import type { RunId } from "../ids.ts";
import { maskEvent } from "./mask-event.ts";
import type { Reporter } from "./reporter.ts";
import { ReporterFanOut } from "./reporter-fan-out.ts";
import type { ReporterReview } from "./reporter-review.ts";
import { eventVersion, type RunEvent, type RunEventBody } from "./run-event.ts";

/** Whose stream it is. */
export interface EventStreamOptions {
  readonly runId: RunId;
  readonly clock: Clock;
  readonly user?: UserContext;
  /** Laid over every text of every event before anybody sees it. */
  readonly mask?: ((text: string) => string) | undefined;
}

/**
 * The one ordered stream of a run. `emit` numbers the event and hands it to every reporter, in order, before it returns
 * (an event that a reporter causes while it handles one comes after that one, for all reporters alike).
 */
export class EventStream {
  readonly #reporters: ReporterFanOut;
  readonly #queue: RunEvent[] = [];
  readonly #envelope: Pick<RunEvent, "runId" | "threadId" | "userId">;
  readonly #clock: Clock;
  readonly #mask: ((text: string) => string) | undefined;
  #seq = 0;
  #isDelivering = false;
  #atMs = Number.NaN;
  #at = "";

  constructor({ runId, clock, user, mask }: EventStreamOptions) {
    this.#clock = clock;
    this.#reporters = new ReporterFanOut({
      clock,
      onDrop: ({ reporter, message }) => this.emit({ type: "reporter_failed", reporter, message }),
    });
    this.#mask = mask;
    this.#envelope = {
      runId,
      ...(user?.threadId === undefined ? {} : { threadId: user.threadId }),
      ...(user?.userId === undefined ? {} : { userId: user.userId }),
    };
  }

  /** Adds a consumer; it gets what is emitted from now on. */
  subscribe(reporter: Reporter): void {
    this.#reporters.add(reporter);
  }

  emit(body: RunEventBody): void {
    this.#seq += 1;
    this.#queue.push({
      version: eventVersion,
      seq: this.#seq,
      at: this.#now(),
      ...this.#envelope,
      ...(this.#mask ? maskEvent(body, this.#mask) : body),
    });
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let event = this.#queue.shift(); event; event = this.#queue.shift()) this.#reporters.deliver(event);
    } finally {
      this.#isDelivering = false;
    }
  }

  /** Closes all reporters; those that take longer than `graceMs` are given up on. Resolves with what there is to say of them. */
  async close(graceMs: number): Promise<ReporterReview> {
    const { failures, slow } = await this.#reporters.close(graceMs);
    const mask = this.#mask;
    return { failures: mask ? failures.map((one) => ({ ...one, message: mask(one.message) })) : failures, slow };
  }

  /** Many events share a millisecond, and a date is what costs most of one. */
  #now(): string {
    const nowMs = this.#clock.now();
    if (nowMs !== this.#atMs) {
      this.#atMs = nowMs;
      this.#at = new Date(nowMs).toISOString();
    }
    return this.#at;
  }
}
