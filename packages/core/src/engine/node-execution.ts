import { type InvocationYield, openInvocation, type AgentSurroundings } from "../agents/invocation.ts";
import type { Agent } from "../agents/agent.ts";
import type { AgentContext, SpawnedNode } from "../agents/agent-context.ts";
import { type Clock, delay } from "../clock.ts";
import type { NodeEvidence, SlaBreach } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import type { PlanNode } from "../plan/plan.ts";
import { noTests, type TestCounts } from "../test-result.ts";
import { limitTime } from "./attempt-limit.ts";
import { abortOutcome, conclude, type ConcludedOutput, outcomeOfThrown, parseInput } from "./attempt-outcome.ts";
import { type Deadline, deadlineIn, remainingMs, tightest } from "./deadline.ts";
import { evidenceRefusal } from "./evidence.ts";
import { isRetryable, retryDelayMs } from "./retry-delay.ts";
import { breachOutcome, slaBreaches } from "./sla.ts";

/** What one node came to, over all its attempts. */
export interface NodeResult {
  readonly outcome: Outcome;
  readonly attempts: number;
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
  readonly facts: { readonly run: AgentContext["run"]; readonly user: AgentContext["user"]; readonly slot: number };
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
  /** The agent ignored its signal past its grace. */
  readonly onLeftBehind: () => void;
}

/** Deadline of an attempt that neither its node nor its agent bounds. */
const defaultTimeoutMs = 30_000;

/** Runs a node: its attempts one after another, each under the tightest deadline. Never rejects. */
export async function executeNode(options: NodeExecutionOptions): Promise<NodeExecutionResult> {
  const { node, surroundings, signals } = options;
  const { clock, stream } = surroundings;
  const deadlines = [deadlineIn("category", clock, node.timeoutMs), ...options.outerDeadlines];
  for (let attempt = 1; ; attempt += 1) {
    const result = await runAttempt(options, attempt, deadlines);
    const { outcome } = result;
    if (attempt >= node.retry.maxAttempts || !isRetryable(node.retry, outcome) || isAborted(signals)) {
      return afterAttempts(result, attempt);
    }
    const delayMs = retryDelayMs(node.retry, attempt, options.random);
    const refusal = timeRefusal(deadlines, delayMs) ?? options.takeRetry();
    if (refusal !== undefined) {
      stream.emit({ type: "retry_refused", nodeId: node.id, attempt, outcome, reason: refusal });
      return afterAttempts(result, attempt);
    }
    stream.emit({ type: "node_retrying", nodeId: node.id, attempt, outcome, delayMs });
    await waitFor(delayMs, clock, signals);
    // Cancelled while it waited: what the last attempt came to is what there is to report.
    if (isAborted(signals)) return afterAttempts(result, attempt);
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

function afterAttempts(last: AttemptResult, attempts: number): NodeExecutionResult {
  const flaky = last.counts.flaky > 0 || (attempts > 1 && last.outcome.status === "passed");
  return { ...last, attempts, flaky, spawned: last.outcome.status === "passed" ? last.spawned : [] };
}

type AttemptResult = Omit<NodeExecutionResult, "attempts" | "flaky">;

async function runAttempt(
  options: NodeExecutionOptions,
  attempt: number,
  deadlines: readonly (Deadline | undefined)[],
): Promise<AttemptResult> {
  const { node, agent, surroundings, facts } = options;
  const { clock, stream } = surroundings;
  const startedMs = clock.monotonicMs();
  const memoryAtStart = node.sla?.maxMemoryGrowthBytes === undefined ? 0 : options.memoryBytes();
  const of = { nodeId: node.id, attempt, agent: agent.name };
  stream.emit({ type: "agent_started", ...of });
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
      node: { id: node.id, layerId: node.layerId, attempt, slot: facts.slot },
    },
    plan: options.plan,
  });

  const grace = graceAfter(limit.signal, clock, agent.limits?.graceMs ?? options.graceMs);
  const ended = await Promise.race([invoke(agent, node, limit.signal, invocation.context), grace.isOver]);
  grace.release();
  limit.release();
  if (ended === undefined) options.onLeftBehind();
  const result: ConcludedOutput = ended ?? { outcome: abortOutcome(limit.signal), counts: noTests };
  const left = invocation.close();

  const durationMs = clock.monotonicMs() - startedMs;
  const memoryGrowthBytes = node.sla?.maxMemoryGrowthBytes === undefined ? 0 : options.memoryBytes() - memoryAtStart;
  // A deadline or a cancellation that came first decides, whatever the agent still made of it.
  const judged = limit.signal.aborted
    ? { outcome: abortOutcome(limit.signal) }
    : judge(node, result, left, { durationMs, memoryGrowthBytes });
  stream.emit({ type: "agent_completed", ...of, outcome: judged.outcome, durationMs });
  const { evidence } = result;
  const counts = result.counts.total === 0 ? left.tests : result.counts;
  return { counts, ...(evidence === undefined ? {} : { evidence }), ...judged, spawned: left.spawned };
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
  if (signal.aborted) return { outcome: abortOutcome(signal), counts: noTests };
  const input = parseInput(agent, node.input);
  if ("outcome" in input) return { outcome: input.outcome, counts: noTests };
  try {
    return conclude(await agent.execute(input.value, context));
  } catch (error) {
    return { outcome: outcomeOfThrown(error), counts: noTests };
  }
}

/** A pass must also keep the node's promises, and prove as much as the node asks. */
function judge(
  node: PlanNode,
  result: ConcludedOutput,
  { metrics, tests, toolEvidence }: InvocationYield,
  facts: { readonly durationMs: number; readonly memoryGrowthBytes: number },
): { readonly outcome: Outcome; readonly slaBreaches?: readonly SlaBreach[] } {
  if (result.outcome.status !== "passed") return { outcome: result.outcome };
  if (tests.failed > 0) {
    const reason = `inconsistent: the agent passed, but reported ${tests.failed} of ${tests.total} tests as failed`;
    return { outcome: { status: "failed", reason } };
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
