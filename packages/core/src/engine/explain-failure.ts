import type { Agent, FailedAttempt, InfrastructureFault } from "../agents/agent.ts";
import { type Clock, delay } from "../clock.ts";
import type { NodeEvidence } from "../events/run-event.ts";
import type { ServiceOutage } from "../events/service-events.ts";
import { describeOutcome, type Outcome } from "../outcome.ts";
import type { TestResult } from "../test-result.ts";
import { titleOf } from "./node-tests.ts";

/** What an attempt came to in the light of what others know. */
export interface ExplainedAttempt {
  readonly outcome: Outcome;
  readonly evidence?: NodeEvidence;
}

/** Asks for causes outside what an attempt tests; whoever throws, or takes too long, knows of none. */
export type ExplainFailure = (attempt: FailedAttempt, limits: ExplainLimits) => Promise<readonly InfrastructureFault[]>;

/** By whose time an answer that takes too long is none. */
export interface ExplainLimits {
  readonly clock: Clock;
}

/** Of the agents of a run. */
export function explainers(agents: readonly Agent[]): ExplainFailure {
  const asked = agents.filter((agent) => agent.explainFailure !== undefined);
  return async (attempt, { clock }) => {
    if (asked.length === 0) return [];
    const over = new AbortController();
    const late = delay(clock, longestMs, over.signal).catch(() => undefined);
    try {
      const answers = asked.map(async (agent) =>
        Promise.race([(async () => agent.explainFailure?.(attempt))().catch(() => undefined), late]),
      );
      return (await Promise.all(answers)).filter((fault) => typeof fault === "object" && fault !== null);
    } finally {
      over.abort();
    }
  };
}

/** Looking at what does not answer takes its time. */
const longestMs = 15_000;

/** Whether somebody may know more about it. */
export function isExplainable({ status }: Outcome): boolean {
  return status === "failed" || status === "errored" || status === "timed-out";
}

/**
 * An attempt of which all failures lie within an outage has failed by its infrastructure; otherwise it stays what it was, and
 * tells of the outage. A deadline that was hit stays one.
 */
export function explained(
  { outcome, evidence }: ExplainedAttempt,
  faults: readonly InfrastructureFault[],
): ExplainedAttempt {
  if (faults.length === 0) return { outcome, ...(evidence ? { evidence } : {}) };
  const outages: readonly ServiceOutage[] = faults.flatMap((fault) => fault.outages);
  const reasons = faults.map(({ reason }) => reason).join("; ");
  const own = describeOutcome(outcome);
  const told = outages.length === 0 ? evidence : { ...evidence, outages };
  const rest = told ? { evidence: told } : {};
  if (outcome.status === "timed-out" || !faults.some(({ isWhole }) => isWhole)) {
    return { outcome: "reason" in outcome ? { ...outcome, reason: `${own} (${reasons})` } : outcome, ...rest };
  }
  return { outcome: { status: "errored", failureClass: "infrastructure", reason: `${reasons}: ${own}` }, ...rest };
}

/** When each failed test of an attempt ran. */
export class FailedTestTimes {
  readonly #clock: Clock;
  readonly #failed: { title: string; startedMs: number; endedMs: number }[] = [];
  #firstMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(test: TestResult): void {
    const endedMs = this.#clock.now();
    this.#firstMs ??= endedMs;
    if (test.status !== "failed" && test.status !== "errored") return;
    this.#failed.push({ title: titleOf(test), startedMs: endedMs - test.durationMs, endedMs });
  }

  /** What was told only once everything was over may have failed at any time. */
  within(startedMs: number, endedMs: number): FailedAttempt["failedTests"] {
    const isLive = endedMs - (this.#firstMs ?? startedMs) > batchMs || endedMs - startedMs < batchMs;
    return isLive ? this.#failed : this.#failed.map(({ title }) => ({ title, startedMs, endedMs }));
  }
}

/** A report that is read at the end comes within this time. */
const batchMs = 500;
