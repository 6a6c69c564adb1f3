import { describeThrown } from "../apex-error.ts";
import { AgentRegistry } from "../agents/agent-registry.ts";
import type { Agent } from "../agents/agent.ts";
import type { UserContext } from "../agents/agent-context.ts";
import { type Clock, systemClock } from "../clock.ts";
import { createExecutionEngine, type PlanResult } from "../engine/execution-engine.ts";
import { type RunState, RunStateMachine } from "../engine/run-state.ts";
import { EventStream } from "../events/event-stream.ts";
import type { Reporter } from "../events/reporter.ts";
import type { RunSummary } from "../events/run-event.ts";
import { createRunId, type RunId } from "../ids.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { addCounts } from "../test-result.ts";
import { exitCodeOf } from "./exit-codes.ts";

export interface RunPlanOptions {
  readonly agents: readonly Agent[];
  readonly reporters?: readonly Reporter[];
  /** Cancels the run; its reason should be an `Outcome`. */
  readonly signal?: AbortSignal;
  readonly runId?: RunId;
  readonly user?: UserContext;
  readonly clock?: Clock;
  /** Told in `run_started`. */
  readonly apexVersion?: string;
  /** How long agents may take to stop and reporters to close, each, in milliseconds; 5 s by default. */
  readonly graceMs?: number;
  /** See `ExecutionEngineOptions`. */
  readonly abandonAfterMs?: number;
}

/**
 * Runs a plan from the start of its agents to the last reporter's close, on every path, and returns what came of it.
 *
 * Throws `UnknownAgentError`, `DuplicateAgentError` or `DagError` for a plan that cannot be run; what happens *in* the
 * run never throws but ends up in the summary's outcome.
 */
export async function runPlan(plan: Plan, options: RunPlanOptions): Promise<RunSummary> {
  const { clock = systemClock, graceMs = 5_000, user = {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  const runId = options.runId ?? createRunId(new Date(clock.now()));
  const registry = new AgentRegistry(options.agents);
  const stream = new EventStream({ runId, clock, user });
  const engine = createExecutionEngine({
    plan,
    agents: registry,
    stream,
    clock,
    run: { id: runId, environment: plan.environment, projectRoot: plan.projectRoot },
    user,
    ...(options.abandonAfterMs === undefined ? {} : { abandonAfterMs: options.abandonAfterMs }),
  });
  for (const reporter of options.reporters ?? []) stream.subscribe(reporter);

  const startedMs = clock.monotonicMs();
  const state = new RunStateMachine((from, to) => stream.emit({ type: "run_state_changed", from, to }));
  const started: Agent[] = [];
  const version = options.apexVersion === undefined ? {} : { apexVersion: options.apexVersion };
  stream.emit({ type: "run_started", plan, ...version });
  try {
    state.moveTo("initializing");
    const startError = await startAgents(registry.all(), started, { projectRoot: plan.projectRoot, signal });
    let result: PlanResult | undefined;
    if (startError === undefined) {
      state.moveTo("running");
      result = await engine.execute(signal);
      state.moveTo("aggregating-results");
    }
    await stopAgents(started, clock, graceMs);
    const summary = summarize(plan, result, startError, clock.monotonicMs() - startedMs);
    state.moveTo(finalState(summary.outcome));
    stream.emit({ type: "run_completed", summary });
    return summary;
  } finally {
    await stopAgents(started, clock, graceMs);
    await stream.close(graceMs);
  }
}

/** Starts agents one after another; returns the outcome of the run if one of them could not start. */
async function startAgents(
  agents: readonly Agent[],
  started: Agent[],
  host: { readonly projectRoot: string; readonly signal: AbortSignal },
): Promise<Outcome | undefined> {
  for (const agent of agents) {
    try {
      await agent.start?.(host);
      started.push(agent);
    } catch (error) {
      return { status: "errored", reason: `the agent ${agent.name} could not start: ${describeThrown(error)}` };
    }
  }
  return undefined;
}

/** Stops what was started, the last one first; one that throws or hangs does not keep the others from stopping. */
async function stopAgents(started: Agent[], clock: Clock, graceMs: number): Promise<void> {
  for (const agent of started.splice(0).reverse()) {
    let cancel: (() => void) | undefined;
    const grace = new Promise<void>((resolve) => {
      cancel = clock.schedule(graceMs, resolve);
    });
    const stopping = (async () => agent.stop?.())().catch(() => undefined);
    await Promise.race([stopping, grace]);
    cancel?.();
  }
}

function summarize(
  plan: Plan,
  result: PlanResult | undefined,
  startError: Outcome | undefined,
  durationMs: number,
): RunSummary {
  const outcome = startError ?? result?.outcome ?? { status: "errored", reason: "the run did not start" };
  const outcomes = result?.nodes.map((node) => node.result.outcome.status) ?? [];
  const passed = outcomes.filter((status) => status === "passed").length;
  const skipped = result ? outcomes.filter((status) => status === "skipped").length : plan.nodes.length;
  return {
    outcome,
    exitCode: exitCodeOf(outcome),
    durationMs,
    counts: addCounts(result?.nodes.map((node) => node.result.counts) ?? []),
    nodes: { total: plan.nodes.length, passed, skipped, notPassed: plan.nodes.length - passed - skipped },
  };
}

function finalState({ status }: Outcome): RunState {
  switch (status) {
    case "passed":
      return "completed";
    case "timed-out":
      return "timed-out";
    case "cancelled":
      return "cancelled";
    case "failed":
    case "errored":
    case "inconclusive":
    case "skipped":
      return "failed";
    default:
      return status satisfies never;
  }
}
