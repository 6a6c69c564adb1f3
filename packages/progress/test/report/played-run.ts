import {
  type Agent,
  type AgentReport,
  type CategoryTask,
  type Clock,
  countTests,
  definePlan,
  delay,
  layerExecutionAgentName,
  type NodeEvidence,
  type Outcome,
  type Plan,
  type PlanLayerSketch,
  type PlanNodeSketch,
  type RunEvent,
  type RunPlanOptions,
  type TestResult,
} from "@netra-apex/core";
import { ManualClock, scriptedAgent, TestRun } from "@netra-apex/core/testing";

/** What one attempt of a node does: it takes its time, tells its tests evenly over it, and ends. */
export interface PlayedAttempt extends Partial<Pick<AgentReport, "failedBy" | "scope" | "counts" | "evidenceLevel">> {
  readonly ms: number;
  readonly tests?: readonly TestResult[];
  readonly outcome?: Outcome;
  readonly evidence?: NodeEvidence;
  /** Breaks instead of answering. */
  readonly throws?: string;
}

/** How a played run differs from others. */
export type PlayOptions = Partial<Omit<RunPlanOptions, "clock">> & {
  /** Agents that need the run's clock. */
  readonly accompany?: (clock: Clock) => readonly Agent[];
};

/** What the nodes of a plan do, by their ids, an entry for each attempt. */
export type Played = Readonly<Record<string, readonly PlayedAttempt[]>>;

/** A node of a category, as a resolved plan has it. */
export function categoryNode(
  id: string,
  { task, ...rest }: Partial<PlanNodeSketch> & { readonly task?: Partial<CategoryTask> } = {},
): PlanNodeSketch {
  const input: CategoryTask = {
    category: id,
    command: { kind: "argv", file: "vitest", args: ["run"] },
    cwd: "/code/shop",
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: false,
    ...task,
  };
  return { id, agent: layerExecutionAgentName, input, ...rest };
}

/** A plan of category nodes. */
export function shopPlan(layers: readonly PlanLayerSketch[], rest: Partial<Plan> = {}): Plan {
  const { environment = "test", notes = [], ...other } = rest;
  return definePlan({ projectRoot: "/code/shop", environment, notes, maxParallel: 3, ...other, layers });
}

/** Really runs a plan, on a clock of its own, with nodes that do what they are told to; gives the events. */
export async function playRun(plan: Plan, played: Played, options: PlayOptions = {}): Promise<RunEvent[]> {
  const clock = new ManualClock();
  const agent = scriptedAgent(layerExecutionAgentName, async (_input, { node, emit, signal }) => {
    const attempt = played[node.id]?.[node.attempt - 1];
    if (!attempt) throw new Error(`nothing is played for attempt ${node.attempt} of ${node.id}`);
    const { ms, tests = [], throws, outcome, evidence, ...rest } = attempt;
    for (const test of tests) {
      await delay(clock, ms / tests.length, signal);
      emit({ type: "test_completed", test });
    }
    if (tests.length === 0) await delay(clock, ms, signal);
    if (throws !== undefined) throw new Error(throws);
    return {
      outcome: outcome ?? verdictOf(tests),
      counts: countTests(tests),
      ...(evidence && { evidence }),
      ...rest,
    };
  });
  const run = new TestRun(plan, {
    clock,
    agents: [
      { ...agent, limits: { timeoutMs: Infinity } },
      ...(options.agents ?? []),
      ...(options.accompany?.(clock) ?? []),
    ],
    heartbeatMs: 3_600_000,
    sampleMs: 15_000,
    ...without(without(options, "agents"), "accompany"),
  });
  const over = new Set<string>();
  const end = (): unknown => over.add("over");
  run.summary.then(end, end);
  while (over.size === 0) await clock.advance(500);
  await run.summary;
  return run.events;
}

/** The verdict of tests, in the words of the runner. */
function verdictOf(tests: readonly TestResult[]): Outcome {
  const { failed, total } = countTests(tests);
  if (failed === 0) return { status: "passed" };
  return { status: "failed", reason: `${failed} of ${total} tests failed`, failureClass: "assertion" };
}

function without<Value extends object, Key extends keyof Value>(value: Value, key: Key): Omit<Value, Key> {
  const { [key]: _left, ...rest } = value;
  return rest;
}
