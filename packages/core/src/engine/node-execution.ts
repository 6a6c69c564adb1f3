import { describeThrown, isApexError } from "../apex-error.ts";
import type { Agent, AgentReport } from "../agents/agent.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import { openInvocation } from "../agents/invocation.ts";
import { type Clock, delay } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { NodeEvidence } from "../events/run-event.ts";
import { isOutcome, type Outcome } from "../outcome.ts";
import type { PlanNode } from "../plan/plan.ts";
import { noTests, type TestCounts } from "../test-result.ts";
import { type Deadline, deadlineIn, tightest, timedOut } from "./deadline.ts";
import { retryDelayMs } from "./retry-delay.ts";

/** What one node came to, over all its attempts. */
export interface NodeResult {
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly counts: TestCounts;
  readonly flaky: boolean;
  readonly evidence?: NodeEvidence;
}

export interface NodeExecutionOptions {
  readonly node: PlanNode;
  readonly agent: Agent;
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly facts: { readonly run: AgentContext["run"]; readonly user: AgentContext["user"]; readonly slot: number };
  /** Aborted when the run is cancelled; the reason is an `Outcome`. */
  readonly signal: AbortSignal;
  /** Deadlines of the layer and of the run, already running. */
  readonly outerDeadlines: readonly (Deadline | undefined)[];
  /** How long an agent may take to end after its signal, before it is left behind. */
  readonly abandonAfterMs: number;
}

/** Runs a node: its attempts one after another, each under the tightest deadline. Never rejects. */
export async function executeNode(options: NodeExecutionOptions): Promise<NodeResult> {
  const { node, clock, stream, signal } = options;
  const category = deadlineIn("category", clock.monotonicMs(), node.timeoutMs);
  const deadlines = [category, ...options.outerDeadlines];
  for (let attempt = 1; ; attempt += 1) {
    const result = await runAttempt(options, attempt, deadlines);
    const { outcome } = result;
    const isWorthAnother = attempt < node.retry.maxAttempts && node.retry.on.includes(outcome.status);
    const delayMs = retryDelayMs(node.retry, attempt);
    const end = tightest(deadlines);
    const hasTime = !end || clock.monotonicMs() + delayMs < end.atMs;
    if (!isWorthAnother || !hasTime || signal.aborted) {
      return afterAttempts(result, attempt);
    }
    stream.emit({ type: "node_retrying", nodeId: node.id, attempt, outcome, delayMs });
    await delay(clock, delayMs, signal).catch(() => undefined);
    // Cancelled while it waited: what the last attempt came to is what there is to report.
    if (signal.aborted) return afterAttempts(result, attempt);
  }
}

function afterAttempts(last: AttemptResult, attempts: number): NodeResult {
  const flaky = last.counts.flaky > 0 || (attempts > 1 && last.outcome.status === "passed");
  return { ...last, attempts, flaky };
}

type AttemptResult = Pick<NodeResult, "outcome" | "counts" | "evidence">;

async function runAttempt(
  { node, agent, stream, clock, facts, signal, abandonAfterMs }: NodeExecutionOptions,
  attempt: number,
  deadlines: readonly (Deadline | undefined)[],
): Promise<AttemptResult> {
  const startedMs = clock.monotonicMs();
  const of = { nodeId: node.id, attempt, agent: agent.name };
  stream.emit({ type: "agent_started", ...of });
  const limit = limitTime(
    clock,
    signal,
    tightest([deadlineIn("attempt", startedMs, node.attemptTimeoutMs), ...deadlines]),
    node,
  );
  const invocation = openInvocation({
    agent,
    stream,
    clock,
    signal: limit.signal,
    facts: {
      run: facts.run,
      user: facts.user,
      node: { id: node.id, layerId: node.layerId, attempt, slot: facts.slot },
    },
  });

  const execution = limit.signal.aborted
    ? Promise.reject<unknown>(limit.signal.reason)
    : new Promise<unknown>((resolve) => resolve(agent.execute(node.input, invocation.context)));
  const settled = execution.then(conclude, (thrown: unknown): AttemptResult => ({
    outcome: outcomeOfThrown(thrown),
    counts: noTests,
  }));
  const result = await Promise.race([settled, leftBehind(limit.signal, clock, abandonAfterMs)]);
  limit.release();
  invocation.close();

  // A deadline or a cancellation that came first decides, whatever the agent still made of it.
  const outcome = limit.signal.aborted ? abortOutcome(limit.signal) : result.outcome;
  const durationMs = clock.monotonicMs() - startedMs;
  stream.emit({ type: "agent_completed", ...of, outcome, durationMs });
  return { ...result, outcome };
}

/** A signal that follows `parent` and fires at the deadline, with an `Outcome` as its reason. */
function limitTime(clock: Clock, parent: AbortSignal, deadline: Deadline | undefined, node: PlanNode) {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  const cancelTimer =
    deadline &&
    clock.schedule(deadline.atMs - clock.monotonicMs(), () =>
      controller.abort(timedOut(deadline, ownerOf(deadline, node))),
    );
  return {
    signal: controller.signal,
    release(): void {
      cancelTimer?.();
      parent.removeEventListener("abort", follow);
    },
  };
}

function ownerOf({ scope }: Deadline, node: PlanNode): string {
  switch (scope) {
    case "attempt":
    case "category":
      return node.id;
    case "layer":
      return `layer ${node.layerId}`;
    case "run":
      return "the whole run";
    default:
      return scope satisfies never;
  }
}

/** Resolves when an agent has ignored its signal for `abandonAfterMs`; never, as long as it has not fired. */
function leftBehind(signal: AbortSignal, clock: Clock, abandonAfterMs: number): Promise<AttemptResult> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      clock.schedule(abandonAfterMs, () => resolve({ outcome: abortOutcome(signal), counts: noTests }));
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}

function abortOutcome(signal: AbortSignal): Outcome {
  return isOutcome(signal.reason)
    ? signal.reason
    : { status: "cancelled", by: "person", reason: `cancelled: ${describeThrown(signal.reason)}` };
}

/** Any output without an outcome of its own is a pass. */
function conclude(output: unknown): AttemptResult {
  if (typeof output !== "object" || output === null || !("outcome" in output) || !isOutcome(output.outcome)) {
    return { outcome: { status: "passed" }, counts: noTests };
  }
  const report = output as AgentReport;
  return {
    outcome: report.outcome,
    counts: report.counts ?? noTests,
    ...(report.evidence === undefined ? {} : { evidence: report.evidence }),
  };
}

function outcomeOfThrown(thrown: unknown): Outcome {
  if (isOutcome(thrown)) return thrown;
  if (!isApexError(thrown)) return { status: "errored", reason: describeThrown(thrown) };
  const reason = thrown.hint === undefined ? thrown.message : `${thrown.message} (${thrown.hint})`;
  return { status: "errored", reason, code: thrown.code };
}
