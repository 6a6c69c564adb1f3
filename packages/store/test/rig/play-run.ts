import { setTimeout as delay } from "node:timers/promises";
import {
  type CategoryTask,
  definePlan,
  layerExecutionAgentName,
  type Outcome,
  type PlanNodeSketch,
  type Reporter,
  runPlan,
  type RunPlanOptions,
  type RunSummary,
  systemClock,
  type TestResult,
} from "@netra-apex/core";

/** One attempt of a node: what its tests report, and how it ends. */
export interface AttemptScript {
  readonly tests?: readonly TestSketch[];
  /** Worked out from the tests when absent. */
  readonly outcome?: Outcome;
}

/** A test, as `file::suite::title`, and what is not as usual with it: it passes in 10 ms. */
export type TestSketch = { readonly test: string } & Partial<TestResult>;

/** A node, and what happens in each of its attempts; the last one is what happens in any further. */
export type NodeScript = Partial<PlanNodeSketch> & {
  readonly id: string;
  readonly category?: string;
  readonly task?: Partial<CategoryTask>;
  readonly script?: readonly AttemptScript[];
};

/** A run that is made up, but run by the real engine. */
export interface RunScript extends Partial<Omit<RunPlanOptions, "agents">> {
  readonly runId: string;
  /** When it starts, in milliseconds since 1970. */
  readonly atMs?: number;
  readonly environment?: string;
  /** How long each node takes, in milliseconds; no time when absent. */
  readonly paceMs?: number;
  readonly nodes: readonly NodeScript[];
}

/** When runs of the tests start that do not say so. */
export const usualStartMs = Date.UTC(2026, 0, 31, 12);

/** Runs a script on the real engine; resolves with the run's summary. */
export function playRun(
  { runId, atMs = usualStartMs, environment = "test", paceMs, nodes, ...options }: RunScript,
  reporters: readonly Reporter[],
): Promise<RunSummary> {
  const scripts = new Map(nodes.map(({ id, script }) => [id, script ?? [{}]]));
  const plan = definePlan({
    environment,
    projectRoot: "/project",
    maxParallel: 1,
    nodes: nodes.map(({ id, category = id, task, script: _script, ...rest }) => ({
      id,
      agent: layerExecutionAgentName,
      input: taskOf(category, task),
      ...rest,
    })),
  });
  const begunMs = performance.now();
  return runPlan(plan, {
    ...options,
    runId,
    // Where nodes take no time, nor does the run.
    clock: { ...systemClock, now: () => (paceMs === undefined ? atMs : atMs + performance.now() - begunMs) },
    reporters: [...reporters],
    agents: [
      {
        name: layerExecutionAgentName,
        execute: async (_task, { node, emit }) => {
          const attempts = scripts.get(node.id) ?? [];
          const { tests = [], outcome } = attempts[Math.min(node.attempt, attempts.length) - 1] ?? {};
          const results = tests.map(testResult);
          if (paceMs !== undefined) await delay(paceMs);
          for (const test of results) emit({ type: "test_completed", test });
          return { outcome: outcome ?? outcomeOf(results) };
        },
      },
    ],
  });
}

function taskOf(category: string, task: Partial<CategoryTask> | undefined): CategoryTask {
  return {
    category,
    command: { kind: "argv", file: "run", args: [category] },
    cwd: "/project",
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: true,
    ...task,
  };
}

function testResult({ test, ...over }: TestSketch): TestResult {
  const [file = "", ...titles] = test.split("::");
  const name = titles.pop() ?? "";
  return {
    id: test,
    name,
    suites: titles,
    ...(file === "" ? {} : { file }),
    durationMs: 10,
    status: "passed",
    ...over,
  };
}

function outcomeOf(tests: readonly TestResult[]): Outcome {
  const failed = tests.filter(({ status }) => status === "failed" || status === "errored").length;
  return failed === 0 ? { status: "passed" } : { status: "failed", reason: `${failed} tests failed` };
}
