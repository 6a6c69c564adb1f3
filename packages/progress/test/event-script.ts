import type {
  AttemptRecord,
  CategoryTask,
  NodeEvidence,
  Outcome,
  Plan,
  PlanLayer,
  PlanNode,
  Reporter,
  RunEvent,
  RunEventBody,
  RunSummary,
  TestCounts,
  TestResult,
} from "@netra-apex/core";
import { addCounts, countTests, eventVersion, layerExecutionAgentName, noTests } from "@netra-apex/core";

const projectRoot = "/code/shop";
const passed: Outcome = { status: "passed" };

/** A layer of a scripted plan, with its categories by name. */
export interface ScriptLayer {
  readonly id: string;
  readonly name?: string;
  readonly budgetMs?: number;
  readonly categories: readonly string[];
}

/** A plan of category nodes, with one layer after another. */
export function scriptPlan(layers: readonly ScriptLayer[], notes: readonly string[] = []): Plan {
  const planLayers = layers.map(({ id, name = id, budgetMs, categories }, index): PlanLayer => ({
    id,
    name,
    executionMode: "parallel",
    maxParallel: 2,
    assumed: [],
    failurePolicy: "stop-starting",
    nodes: categories,
    gates: layers.slice(Math.max(0, index - 1), index).map((gate) => gate.id),
    ...(budgetMs !== undefined && { budgetMs }),
  }));
  const nodes = layers.flatMap(({ id, categories }) => categories.map((category) => planNode(category, id)));
  return {
    version: 1,
    environment: "test",
    projectRoot,
    layers: planLayers,
    nodes,
    maxParallel: 2,
    failurePolicy: "continue",
    leftOut: [],
    notes,
  };
}

export function planNode(id: string, layerId: string, task: Partial<CategoryTask> = {}): PlanNode {
  const input: CategoryTask = {
    category: id,
    command: { kind: "argv", file: "vitest", args: ["run"] },
    cwd: projectRoot,
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: false,
    ...task,
  };
  const backoff = { initialMs: 1000, factor: 2, maxMs: 30_000, jitter: "none" } as const;
  return {
    id,
    layerId,
    agent: layerExecutionAgentName,
    input,
    needs: [],
    exclusive: false,
    retry: { maxAttempts: 1, on: [], backoff },
  };
}

/** A test as a framework would report it. */
export function scriptTest(name: string, rest: Partial<TestResult> = {}): TestResult {
  const test = {
    name,
    suites: ["Cart"],
    file: "test/cart.test.ts",
    durationMs: 12,
    status: "passed",
    ...rest,
  } as const;
  return { id: [test.file, ...test.suites, name].join(" > "), ...test };
}

export function passingTests(count: number): TestResult[] {
  return Array.from({ length: count }, (_, index) => scriptTest(`works ${index + 1}`));
}

/** Writes a run's events, one call each, on a time scale of its own that starts at 2026-01-31T14:25:00Z. */
export class EventScript {
  readonly events: RunEvent[] = [];
  readonly plan: Plan;
  readonly #counts = new Map<string, TestCounts>();
  readonly #startedAtMs = new Map<string, number>();
  readonly #outcomes: Outcome[] = [];
  #elapsedMs = 0;

  constructor(plan: Plan, expectedMs?: Readonly<Record<string, number>>) {
    this.plan = plan;
    this.event({ type: "run_started", plan, ...(expectedMs && { expectedMs }) });
  }

  event(body: RunEventBody): this {
    const at = new Date(Date.UTC(2026, 0, 31, 14, 25) + this.#elapsedMs).toISOString();
    const envelope = { version: eventVersion, seq: this.events.length + 1, at, runId: "20260131-142500-abc123" };
    this.events.push({ ...envelope, ...body });
    return this;
  }

  wait(ms: number): this {
    this.#elapsedMs += ms;
    return this;
  }

  layerStarted(layerId: string): this {
    this.#startedAtMs.set(layerId, this.#elapsedMs);
    return this.event({ type: "layer_started", layerId });
  }

  nodeStarted(nodeId: string, attempt = 1): this {
    if (attempt === 1) {
      this.#startedAtMs.set(nodeId, this.#elapsedMs);
      this.event({ type: "node_started", nodeId, layerId: this.#layerOf(nodeId) });
    }
    this.#counts.set(nodeId, noTests);
    return this.event({ type: "agent_started", nodeId, attempt, agent: layerExecutionAgentName });
  }

  tests(nodeId: string, tests: readonly TestResult[], attempt = 1): this {
    this.#counts.set(nodeId, addCounts([this.#counts.get(nodeId) ?? noTests, countTests(tests)]));
    for (const test of tests) this.event({ type: "test_completed", nodeId, attempt, test });
    return this;
  }

  output(nodeId: string, text: string, attempt = 1): this {
    return this.event({ type: "output", nodeId, attempt, text });
  }

  retrying(nodeId: string, attempt: number, outcome: Outcome, delayMs = 0): this {
    return this.event({ type: "node_retrying", nodeId, attempt, outcome, delayMs });
  }

  nodeCompleted(
    nodeId: string,
    outcome: Outcome = passed,
    rest: {
      flaky?: boolean;
      attempts?: number;
      attemptRecords?: readonly AttemptRecord[];
      counts?: TestCounts;
      evidence?: NodeEvidence;
    } = {},
  ): this {
    this.#outcomes.push(outcome);
    const startedAtMs = this.#startedAtMs.get(nodeId);
    const { flaky = false, attempts = startedAtMs === undefined ? 0 : 1, evidence, attemptRecords } = rest;
    return this.event({
      type: "node_completed",
      nodeId,
      layerId: this.#layerOf(nodeId),
      outcome,
      attempts,
      flaky,
      durationMs: this.#elapsedMs - (startedAtMs ?? this.#elapsedMs),
      counts: rest.counts ?? this.#counts.get(nodeId) ?? noTests,
      ...(attemptRecords && { attemptRecords }),
      ...(evidence && { evidence }),
    });
  }

  layerCompleted(layerId: string, outcome: Outcome = passed): this {
    const nodes = this.plan.nodes.filter((node) => node.layerId === layerId);
    return this.event({
      type: "layer_completed",
      layerId,
      outcome,
      durationMs: this.#elapsedMs - (this.#startedAtMs.get(layerId) ?? this.#elapsedMs),
      counts: addCounts(nodes.map(({ id }) => this.#counts.get(id) ?? noTests)),
    });
  }

  runCompleted(outcome: Outcome = passed, exitCode = 0): this {
    const count = (...statuses: Outcome["status"][]): number =>
      this.#outcomes.filter(({ status }) => statuses.includes(status)).length;
    const summary: RunSummary = {
      outcome,
      exitCode,
      durationMs: this.#elapsedMs,
      counts: addCounts(this.#counts.values()),
      nodes: {
        total: this.#outcomes.length,
        passed: count("passed"),
        notPassed: count("failed", "timed-out", "cancelled", "errored", "inconclusive"),
        skipped: count("skipped"),
        kept: 0,
      },
      retries: 0,
      coordination: {
        efficiency: 0.75,
        busyMs: 3_000,
        agents: 2,
        wallMs: 2_000,
        formula: "3.0 s busy / (2 agents × 2.0 s) = 75.0 %",
      },
    };
    return this.event({ type: "run_completed", summary });
  }

  /** Hands all events written so far to a reporter. */
  playTo(reporter: Reporter): void {
    for (const event of this.events) reporter.onEvent(event);
  }

  #layerOf(nodeId: string): string {
    return this.plan.nodes.find(({ id }) => id === nodeId)?.layerId ?? "unknown";
  }
}
