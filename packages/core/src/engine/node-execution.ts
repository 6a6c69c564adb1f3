import type { AgentSurroundings } from "../agents/invocation.ts";
import type { Agent } from "../agents/agent.ts";
import type { AgentContext, SpawnedNode } from "../agents/agent-context.ts";
import { type Clock, delay } from "../clock.ts";
import type { AttemptRecord, NodeEvidence, SlaBreach } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import type { PlanLayer, PlanNode } from "../plan/plan.ts";
import type { TestCounts } from "../test-result.ts";
import { limitTime } from "./attempt-limit.ts";
import { type Deadline, deadlineIn, remainingMs, tightest } from "./deadline.ts";
import type { ExplainFailure } from "./explain-failure.ts";
import { flakyVerdict } from "./flaky-verdict.ts";
import { type AttemptResult, runAttempt } from "./node-attempt.ts";
import { NodeTests } from "./node-tests.ts";
import { isRetryable, retryDelayMs } from "./retry-delay.ts";

/** What one node came to, over all its attempts. */
export interface NodeResult {
  readonly outcome: Outcome;
  readonly attempts: number;
  /** Each attempt, where there was more than one. */
  readonly attemptRecords?: readonly AttemptRecord[];
  /** Of all attempts together: a test that was run again counts as it ended last. */
  readonly counts: TestCounts;
  readonly flaky: boolean;
  readonly evidence?: NodeEvidence;
  readonly slaBreaches?: readonly SlaBreach[];
}

/** A node's result, and what of it only the engine needs. */
export interface NodeExecutionResult extends NodeResult {
  /** Nodes to add to the run; empty unless the node passed. */
  readonly spawned: readonly PlanNode[];
}

/** What one execution of a node needs. */
export interface NodeExecutionOptions {
  readonly node: PlanNode;
  readonly agent: Agent;
  readonly surroundings: AgentSurroundings;
  readonly facts: {
    readonly run: AgentContext["run"];
    readonly user: AgentContext["user"];
    readonly slot: number;
    readonly env?: Readonly<Record<string, string>>;
  };
  readonly layer: PlanLayer;
  /** Asks those who may know of a cause outside what is tested. */
  readonly explain: ExplainFailure;
  /** Each ends the node when it is aborted: the run is cancelled, the agent is lost. The reason is an `Outcome`. */
  readonly signals: readonly AbortSignal[];
  /** Deadlines of the layer and of the run, already running. */
  readonly outerDeadlines: readonly (Deadline | undefined)[];
  /** How long an agent that says nothing about it may take to end after its signal, in milliseconds. */
  readonly graceMs: number;
  readonly random: () => number;
  /** Resident memory of this process in bytes. */
  readonly memoryBytes: () => number;
  readonly plan: (spawned: readonly SpawnedNode[], before: readonly PlanNode[]) => readonly PlanNode[];
  /** Uses up one retry; returns why there is none. */
  readonly takeRetry: () => string | undefined;
  /**
   * Gives the slot back and waits until the node may run with nothing beside it, at the end of its layer; resolves with its
   * new slot, or with nothing when it must not start any more.
   */
  readonly isolatedTurn: () => Promise<number | undefined>;
  /** The agent ignored its signal past its grace. */
  readonly onLeftBehind: () => void;
}

/** Runs a node: its attempts one after another, each under the tightest deadline. Never rejects. */
export async function executeNode(options: NodeExecutionOptions): Promise<NodeExecutionResult> {
  const { node, surroundings, signals } = options;
  const { retry } = node;
  const { clock, stream } = surroundings;
  const tests = new NodeTests({ isRetryable: retry.maxAttempts > 1 });
  const records: AttemptRecord[] = [];
  let ownDeadline = deadlineIn("category", clock, node.timeoutMs);
  let { slot } = options.facts;
  let rerun: AttemptResult["rerun"];
  for (let attempt = 1; ; attempt += 1) {
    const deadlines = [ownDeadline, ...options.outerDeadlines];
    const result = await runAttempt(options, { attempt, slot, deadlines, tests, rerun });
    records.push(result.record);
    const { outcome } = result.record;
    const end = (): NodeExecutionResult => afterAttempts(node, result, records, tests);
    if (attempt >= retry.maxAttempts || !isRetryable(retry, outcome) || isAborted(signals)) return end();
    const delayMs = retryDelayMs(retry, attempt, options.random);
    const refusal = timeRefusal(deadlines, delayMs) ?? options.takeRetry();
    if (refusal !== undefined) {
      stream.emit({ type: "retry_refused", nodeId: node.id, attempt, outcome, reason: refusal });
      return end();
    }
    ({ rerun } = result);
    const isIsolated = retry.when === "end-isolated";
    const how = { ...(isIsolated ? { when: retry.when } : {}), ...(rerun ? { failedTests: rerun.length } : {}) };
    stream.emit({ type: "node_retrying", nodeId: node.id, attempt, outcome, delayMs, ...how });
    const waitsFromMs = clock.monotonicMs();
    if (isIsolated) {
      const turn = await options.isolatedTurn();
      if (turn === undefined) return end();
      slot = turn;
    }
    const waitedMs = clock.monotonicMs() - waitsFromMs;
    // What others take at the end of the layer is not this node's time.
    if (isIsolated && ownDeadline) ownDeadline = { ...ownDeadline, atMs: ownDeadline.atMs + waitedMs };
    if (waitedMs < delayMs) await waitFor(delayMs - waitedMs, clock, signals);
    // Cancelled while it waited: what the last attempt came to is what there is to report.
    if (isAborted(signals)) return end();
  }
}

function timeRefusal(deadlines: readonly (Deadline | undefined)[], delayMs: number): string | undefined {
  const end = tightest(deadlines);
  return end && remainingMs(end) <= delayMs ? `the ${end.scope} deadline leaves no time for it` : undefined;
}

async function waitFor(delayMs: number, clock: Clock, signals: readonly AbortSignal[]): Promise<void> {
  const limit = limitTime(signals, []);
  await delay(clock, delayMs, limit.signal).catch(() => undefined);
  limit.release();
}

function isAborted(signals: readonly AbortSignal[]): boolean {
  return signals.some((signal) => signal.aborted);
}

function afterAttempts(
  node: PlanNode,
  last: AttemptResult,
  records: readonly AttemptRecord[],
  tests: NodeTests,
): NodeExecutionResult {
  const { record, counts, slaBreaches } = last;
  const { evidence } = record;
  const flaky = counts.flaky > 0 || (records.length > 1 && record.outcome.status === "passed");
  const merged = last.isPartial && last.rerun ? stillFailing(counts) : record.outcome;
  const outcome = flaky ? flakyVerdict(node, merged, { titles: tests.flakyTitles, attempts: records.length }) : merged;
  return {
    outcome,
    attempts: records.length,
    ...(records.length > 1 ? { attemptRecords: records } : {}),
    counts,
    flaky,
    ...(evidence === undefined ? {} : { evidence }),
    ...(slaBreaches === undefined ? {} : { slaBreaches }),
    spawned: outcome.status === "passed" ? last.spawned : [],
  };
}

/** The last attempt counted only what it ran. */
function stillFailing({ failed, total }: TestCounts): Outcome {
  return { status: "failed", reason: `${failed} of ${total} tests failed, even when run again` };
}
