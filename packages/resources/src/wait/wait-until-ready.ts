import { type Clock, delay, type ServiceHealth, systemClock } from "@netra-apex/core";
import type { AskLimits, InstanceStatus } from "../instance.ts";
import { judgeStatus } from "../probes/ask-instance.ts";
import {
  notReady,
  type NotReady,
  type Probe,
  type ProbeResult,
  type Ready,
  type ServiceProblem,
} from "../probes/probe.ts";
import { askStatus } from "./ask-status.ts";

/** What is waited for, and how patiently. */
export interface WaitOptions {
  readonly probe: Probe;
  readonly health: Pick<ServiceHealth, "intervalMs" | "timeoutMs" | "successes" | "deadlineMs">;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
  /** The machine's own when absent. */
  readonly clock?: Clock;
  /** Told of every look. */
  readonly onResult?: (result: ProbeResult) => void;
  /** What runs it: a service that has ended is not waited for any longer, and what answers in its place does not count. */
  readonly status?: (limits: AskLimits) => Promise<InstanceStatus>;
  /** It is ready when it has ended with exit code 0, and not before. */
  readonly isOneShot?: boolean;
}

/** What has come of a wait. */
export type WaitResult = { readonly lookCount: number; readonly tookMs: number } & (
  | { readonly outcome: "ready"; readonly version?: string }
  | {
      readonly outcome: "not-ready";
      readonly problem: ServiceProblem;
      /** The last reason, for people; that it has ended, with its exit code, where it has. */
      readonly reason: string;
      readonly exitCode?: number;
    }
  | { readonly outcome: "aborted" }
);

/** The first looks come quicker: what takes half a second to start is not waited for a whole one. */
const firstIntervalMs = 50;
const growth = 1.5;

/**
 * Looks until a service is ready, until it has ended, until its deadline, or until nobody waits any more, whichever is first.
 * Throws `RangeError` for a deadline, a timeout or a number of successes that is not positive, and nothing else.
 */
export async function waitUntilReady(options: WaitOptions): Promise<WaitResult> {
  const { health, signal } = options;
  for (const name of ["deadlineMs", "timeoutMs", "successes"] as const) {
    if (!(health[name] > 0)) throw new RangeError(`${name} must be more than 0, and is ${health[name]}`);
  }
  const wait = new Wait(options);
  if (signal.aborted) return wait.report({ outcome: "aborted" });
  return wait.run();
}

type Verdict = WaitResult extends infer Result
  ? Result extends WaitResult
    ? Omit<Result, "lookCount" | "tookMs">
    : never
  : never;

/** The looks, the watch over what runs it, and the deadline, of which the first one decides. */
class Wait {
  readonly #options: WaitOptions;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #over = new AbortController();
  #lookCount = 0;
  #last: NotReady = notReady("no-answer", "there was no time for a look at it");

  constructor(options: WaitOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startMs = this.#clock.monotonicMs();
  }

  async run(): Promise<WaitResult> {
    const { signal, health, status, isOneShot = false } = this.#options;
    let onAbort = (): void => undefined;
    let cancelDeadline = (): void => undefined;
    const verdict = await new Promise<Verdict>((resolve, reject) => {
      onAbort = () => resolve({ outcome: "aborted" });
      signal.addEventListener("abort", onAbort, { once: true });
      cancelDeadline = this.#clock.schedule(health.deadlineMs, () => resolve(this.#late()));
      const isLooked = !(isOneShot && status);
      if (isLooked) this.#look().then((found) => found && resolve(found), reject);
      if (status) this.#watch(status).then((found) => found && resolve(found), reject);
    }).finally(() => {
      cancelDeadline();
      signal.removeEventListener("abort", onAbort);
      this.#over.abort();
    });
    return this.report(verdict);
  }

  report(verdict: Verdict): WaitResult {
    return { ...verdict, lookCount: this.#lookCount, tookMs: this.#clock.monotonicMs() - this.#startMs };
  }

  #late(): Verdict {
    const { problem, detail } = this.#last;
    return { outcome: "not-ready", problem, reason: detail };
  }

  /** Looks at ever longer intervals; nothing when the wait is over without it. */
  async #look(): Promise<Verdict | undefined> {
    const { probe, health, onResult, status } = this.#options;
    let goodInARow = 0;
    for await (const restMs of this.#moments()) {
      const deadlineMs = Math.min(health.timeoutMs, restMs);
      const result = await probe({ deadlineMs, signal: this.#over.signal });
      if (this.#over.signal.aborted) return undefined;
      this.#lookCount += 1;
      onResult?.(result);
      goodInARow = result.isReady ? goodInARow + 1 : 0;
      if (!result.isReady) this.#remember(result, deadlineMs < health.timeoutMs);
      else if (goodInARow >= health.successes) {
        const end = status && (await this.#endOf(status));
        return end ?? readyVerdict(result);
      }
    }
    return undefined;
  }

  /** A look that was cut short by the end of the wait knows less than the one before it. */
  #remember(result: NotReady, isCutShort: boolean): void {
    if (isCutShort && result.problem === "no-answer" && this.#lookCount > 1) return;
    this.#last = result;
  }

  /** Asks what runs it until that says that it has ended. */
  async #watch(status: NonNullable<WaitOptions["status"]>): Promise<Verdict | undefined> {
    for await (const _ of this.#moments()) {
      const end = await this.#endOf(status);
      if (end || this.#over.signal.aborted) return end;
    }
    return undefined;
  }

  async #endOf(status: NonNullable<WaitOptions["status"]>): Promise<Verdict | undefined> {
    const { health, isOneShot = false } = this.#options;
    const seen = await askStatus(status, { deadlineMs: health.timeoutMs, signal: this.#over.signal });
    if (seen.state === "completed" || (isOneShot && seen.state === "exited" && seen.exitCode === 0))
      return { outcome: "ready" };
    const result = judgeStatus(seen);
    if (result.isReady || (seen.state !== "exited" && seen.state !== "missing")) {
      if (isOneShot)
        this.#last = result.isReady ? notReady("starting", "it has not ended yet") : this.#oneShotReason(result);
      return undefined;
    }
    const exitCode = seen.exitCode === undefined ? {} : { exitCode: seen.exitCode };
    return { outcome: "not-ready", problem: result.problem, reason: result.detail, ...exitCode };
  }

  #oneShotReason(result: NotReady): NotReady {
    const isRunning = result.problem === "unchecked" || result.problem === "starting" || result.problem === "unhealthy";
    return isRunning ? notReady("starting", "it has not ended yet") : result;
  }

  /** When to look, with what is left of the time; ends with the wait. */
  async *#moments(): AsyncGenerator<number, void> {
    const { deadlineMs, intervalMs } = this.#options.health;
    let pauseMs = Math.min(firstIntervalMs, intervalMs);
    for (;;) {
      const restMs = deadlineMs - (this.#clock.monotonicMs() - this.#startMs);
      if (this.#over.signal.aborted || restMs <= 0) return;
      yield restMs;
      // It is over when that rejects.
      const goesOn = await delay(this.#clock, pauseMs, this.#over.signal).then(
        () => true,
        () => false,
      );
      if (!goesOn) return;
      pauseMs = Math.min(pauseMs * growth, intervalMs);
    }
  }
}

function readyVerdict({ version }: Ready): Verdict {
  return { outcome: "ready", ...(version === undefined ? {} : { version }) };
}
