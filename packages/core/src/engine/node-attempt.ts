import { type InvocationYield, openInvocation } from "../agents/invocation.ts";
import type { Agent } from "../agents/agent.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import type { Clock } from "../clock.ts";
import type { AttemptRecord, SlaBreach } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import type { PlanNode } from "../plan/plan.ts";
import { noTests, type TestCounts, type TestResult } from "../test-result.ts";
import { limitTime } from "./attempt-limit.ts";
import { abortOutcome, conclude, type ConcludedOutput, outcomeOfThrown, parseInput } from "./attempt-outcome.ts";
import { type Deadline, deadlineIn } from "./deadline.ts";
import { explained, FailedTestTimes, isExplainable } from "./explain-failure.ts";
import { evidenceRefusal } from "./evidence.ts";
import type { NodeExecutionOptions } from "./node-execution.ts";
import { nameTests, type NodeTests, titleOf } from "./node-tests.ts";
import { breachOutcome, slaBreaches } from "./sla.ts";

/** Deadline of an attempt that neither its node nor its agent bounds. */
const defaultTimeoutMs = 30_000;

/** What makes an attempt of a node this one. */
export interface AttemptOptions {
  /** 1 for the first. */
  readonly attempt: number;
  readonly slot: number;
  /** Of the node, its layer and the run. */
  readonly deadlines: readonly (Deadline | undefined)[];
  /** Of all attempts of the node. */
  readonly tests: NodeTests;
  /** Failed tests that are all that has to run again. */
  readonly rerun: readonly TestResult[] | undefined;
}

/** What an attempt came to, and the node with it. */
export interface AttemptResult {
  readonly record: AttemptRecord;
  /** Of the node so far. */
  readonly counts: TestCounts;
  /** It ran, or was to run, only tests that had failed before. */
  readonly isPartial: boolean;
  /** Tests whose rerun alone can mend the node; absent where everything has to run again. */
  readonly rerun?: readonly TestResult[] | undefined;
  readonly slaBreaches?: readonly SlaBreach[];
  readonly spawned: readonly PlanNode[];
}

/** Runs one attempt of a node under the tightest deadline. Never rejects. */
export async function runAttempt(
  options: NodeExecutionOptions,
  { attempt, slot, deadlines, tests, rerun }: AttemptOptions,
): Promise<AttemptResult> {
  const { node, agent, surroundings, facts } = options;
  const { clock, stream } = surroundings;
  const startedMs = clock.monotonicMs();
  const startedAtMs = clock.now();
  const failedTests = new FailedTestTimes(clock);
  const memoryAtStart = node.sla?.maxMemoryGrowthBytes === undefined ? 0 : options.memoryBytes();
  const of = { nodeId: node.id, attempt, agent: agent.name };
  stream.emit({ type: "agent_started", ...of });
  tests.begin(attempt);
  const limit = limitTime(
    options.signals,
    [deadlineIn("attempt", clock, attemptTimeoutMs(node, agent)), ...deadlines],
    node,
  );
  const invocation = openInvocation({
    agent,
    surroundings,
    signal: limit.signal,
    facts: {
      run: facts.run,
      user: facts.user,
      node: {
        id: node.id,
        layerId: node.layerId,
        attempt,
        slot,
        ...(rerun ? { rerun } : {}),
        ...(facts.env ? { env: facts.env } : {}),
      },
    },
    plan: options.plan,
    onTest(test) {
      failedTests.add(test);
      return tests.add(test);
    },
  });

  const grace = graceAfter(limit.signal, clock, agent.limits?.graceMs ?? options.graceMs);
  const ended = await Promise.race([invoke(agent, node, limit.signal, invocation.context), grace.isOver]);
  grace.release();
  limit.release();
  if (ended === undefined) options.onLeftBehind();
  const result: ConcludedOutput = ended ?? broken(abortOutcome(limit.signal));
  const left = invocation.close();

  const durationMs = clock.monotonicMs() - startedMs;
  const memoryGrowthBytes = node.sla?.maxMemoryGrowthBytes === undefined ? 0 : options.memoryBytes() - memoryAtStart;
  const endedAtMs = clock.now();
  // Of what broke off nobody knows how much it was to run: passes of before stay.
  const isPartial = rerun !== undefined && (result.scope === "failed-tests" || result.isBroken === true);
  const unanswered = tests.end(isPartial);
  // A deadline or a cancellation that came first decides, whatever the agent still made of it.
  const judged = limit.signal.aborted
    ? { outcome: abortOutcome(limit.signal) }
    : judge(node, result, left, { durationMs, memoryGrowthBytes, unanswered });
  const faults = isExplainable(judged.outcome)
    ? await options.explain(
        {
          ...of,
          layer: options.layer,
          outcome: judged.outcome,
          startedMs: startedAtMs,
          endedMs: endedAtMs,
          failedTests: failedTests.within(startedAtMs, endedAtMs),
          signal: limit.signal,
        },
        { clock },
      )
    : [];
  const judgement = { outcome: judged.outcome, ...(result.evidence ? { evidence: result.evidence } : {}) };
  const { outcome, evidence } = explained(judgement, faults);
  const own = attemptCounts(result.counts, left.tests);
  const isMendable = outcome === result.outcome && outcome.status === "failed" && result.failedBy === "tests";
  const areAllReported = left.tests.failed > 0 && left.tests.total === own.total;
  const record: AttemptRecord = {
    attempt,
    outcome,
    durationMs,
    counts: own,
    ...(rerun !== undefined && result.scope !== undefined ? { scope: result.scope } : {}),
    ...(evidence === undefined ? {} : { evidence }),
  };
  stream.emit({ type: "agent_completed", agent: agent.name, nodeId: node.id, ...record });
  return {
    record,
    counts: isPartial ? tests.counts : withFailed(own, unanswered.length),
    isPartial,
    rerun: isMendable && areAllReported && unanswered.length === 0 ? tests.failing : undefined,
    ...("slaBreaches" in judged ? { slaBreaches: judged.slaBreaches } : {}),
    spawned: left.spawned,
  };
}

/** An agent's own counts, or those of the tests that it reported; that a test is flaky only the engine may know. */
function attemptCounts(own: TestCounts, reported: TestCounts): TestCounts {
  if (own.total === 0) return reported;
  return reported.flaky > own.flaky ? { ...own, flaky: reported.flaky } : own;
}

/** Tests that failed before and are nowhere to be seen have not been mended. */
function withFailed(counts: TestCounts, more: number): TestCounts {
  return more === 0 ? counts : { ...counts, total: counts.total + more, failed: counts.failed + more };
}

function attemptTimeoutMs(node: PlanNode, { limits }: Agent): number | undefined {
  if (node.attemptTimeoutMs !== undefined || node.timeoutMs !== undefined) return node.attemptTimeoutMs;
  return limits?.timeoutMs ?? defaultTimeoutMs;
}

/** Lets the agent work; whatever it throws, or is aborted with, is a value from here on. */
async function invoke(
  agent: Agent,
  node: PlanNode,
  signal: AbortSignal,
  context: AgentContext,
): Promise<ConcludedOutput> {
  if (signal.aborted) return broken(abortOutcome(signal));
  const input = parseInput(agent, node.input);
  if ("outcome" in input) return broken(input.outcome);
  try {
    return conclude(await agent.execute(input.value, context));
  } catch (error) {
    return broken(outcomeOfThrown(error));
  }
}

function broken(outcome: Outcome): ConcludedOutput {
  return { outcome, counts: noTests, isBroken: true };
}

/** A pass must also keep the node's promises, and prove as much as the node asks. */
function judge(
  node: PlanNode,
  result: ConcludedOutput,
  { metrics, tests, toolEvidence }: InvocationYield,
  facts: {
    readonly durationMs: number;
    readonly memoryGrowthBytes: number;
    /** Tests that failed before and were not run again. */
    readonly unanswered: readonly TestResult[];
  },
): { readonly outcome: Outcome; readonly slaBreaches?: readonly SlaBreach[] } {
  if (result.outcome.status !== "passed") return { outcome: result.outcome };
  if (tests.failed > 0) {
    const reason = `inconsistent: the agent passed, but reported ${tests.failed} of ${tests.total} tests as failed`;
    return { outcome: { status: "failed", reason } };
  }
  if (facts.unanswered.length > 0) {
    const names = nameTests(facts.unanswered.map(titleOf));
    return { outcome: { status: "failed", reason: `failed before, and did not run again: ${names}` } };
  }
  const breaches = node.sla ? slaBreaches(node.sla, { ...facts, metrics }) : [];
  if (breaches.length > 0) return { outcome: breachOutcome(breaches), slaBreaches: breaches };
  const refusal = evidenceRefusal(node.minimumEvidence, result.evidenceLevel, toolEvidence);
  return { outcome: refusal === undefined ? result.outcome : { status: "inconclusive", reason: refusal } };
}

/** `isOver` resolves once `graceMs` have gone by after the signal fired; never, as long as it has not. */
function graceAfter(signal: AbortSignal, clock: Clock, graceMs: number) {
  let cancelTimer: (() => void) | undefined;
  let begin: (() => void) | undefined;
  const isOver = new Promise<undefined>((resolve) => {
    begin = () => {
      cancelTimer = clock.schedule(graceMs, () => resolve(undefined));
    };
    if (signal.aborted) begin();
    else signal.addEventListener("abort", begin, { once: true });
  });
  return {
    isOver,
    release(): void {
      cancelTimer?.();
      if (begin) signal.removeEventListener("abort", begin);
    },
  };
}
