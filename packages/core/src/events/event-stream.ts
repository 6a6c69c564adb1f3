import { describeThrown } from "../apex-error.ts";
import type { UserContext } from "../agents/agent-context.ts";
import type { Clock } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import type { RunId } from "../ids.ts";
import { maskEvent } from "./mask-event.ts";
import type { Reporter } from "./reporter.ts";
import { eventVersion, type ReporterFailure, type RunEvent, type RunEventBody } from "./run-event.ts";

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
  readonly #reporters: Reporter[] = [];
  readonly #queue: RunEvent[] = [];
  readonly #envelope: Pick<RunEvent, "runId" | "threadId" | "userId">;
  readonly #clock: Clock;
  readonly #mask: ((text: string) => string) | undefined;
  #seq = 0;
  #isDelivering = false;

  constructor({ runId, clock, user, mask }: EventStreamOptions) {
    this.#clock = clock;
    this.#mask = mask;
    this.#envelope = {
      runId,
      ...(user?.threadId === undefined ? {} : { threadId: user.threadId }),
      ...(user?.userId === undefined ? {} : { userId: user.userId }),
    };
  }

  /** Adds a consumer; it gets what is emitted from now on. */
  subscribe(reporter: Reporter): void {
    this.#reporters.push(reporter);
  }

  emit(body: RunEventBody): void {
    this.#seq += 1;
    const at = new Date(this.#clock.now()).toISOString();
    this.#queue.push({
      version: eventVersion,
      seq: this.#seq,
      at,
      ...this.#envelope,
      ...(this.#mask ? maskEvent(body, this.#mask) : body),
    });
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let event = this.#queue.shift(); event; event = this.#queue.shift()) this.#deliver(event);
    } finally {
      this.#isDelivering = false;
    }
  }

  /** Closes all reporters; resolves with those that failed, or took longer than `graceMs` and were given up on. */
  async close(graceMs: number): Promise<readonly ReporterFailure[]> {
    const failures = await Promise.all(this.#reporters.map((reporter) => this.#closeOne(reporter, graceMs)));
    this.#reporters.length = 0;
    return failures.filter((failure) => failure !== undefined);
  }

  #deliver(event: RunEvent): void {
    for (const reporter of [...this.#reporters]) {
      try {
        reporter.onEvent(event);
      } catch (error) {
        this.#drop(reporter, error);
      }
    }
  }

  /** A broken reporter goes, and the others hear of it: it must not fail the tests or be called again. */
  #drop(reporter: Reporter, error: unknown): void {
    const index = this.#reporters.indexOf(reporter);
    if (index !== -1) this.#reporters.splice(index, 1);
    void this.#closeOne(reporter, 0);
    this.emit({ type: "reporter_failed", reporter: reporter.name, message: describeThrown(error) });
  }

  async #closeOne(reporter: Reporter, graceMs: number): Promise<ReporterFailure | undefined> {
    let cancel: (() => void) | undefined;
    try {
      const closing = (async () => reporter.close?.())();
      const grace = new Promise<never>((_, reject) => {
        const late = new Error(`it did not finish within ${formatDuration(graceMs)}`);
        cancel = this.#clock.schedule(graceMs, () => reject(late));
      });
      await Promise.race([closing, grace]);
      return undefined;
    } catch (error) {
      return { reporter: reporter.name, message: describeThrown(error) };
    } finally {
      cancel?.();
    }
  }
}
