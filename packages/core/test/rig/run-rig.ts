import type { Agent, AgentReport } from "../../src/agents/agent.ts";
import type { AgentContext } from "../../src/agents/agent-context.ts";
import { runPlan, type RunPlanOptions } from "../../src/controller/master-controller.ts";
import { defaultRetryPolicy } from "../../src/config/normalize.ts";
import type { RunEvent, RunEventOf, RunEventType, RunSummary } from "../../src/events/run-event.ts";
import type { Outcome } from "../../src/outcome.ts";
import type { Plan, PlanLayer, PlanNode } from "../../src/plan/plan.ts";
import { ManualClock, settle } from "./manual-clock.ts";

/** A node of a test plan; everything but the id has a default. */
export type NodeSketch = { readonly id: string } & Partial<Omit<PlanNode, "id" | "layerId">>;
export type LayerSketch = { readonly id: string; readonly nodes: readonly (string | NodeSketch)[] } & Partial<
  Omit<PlanLayer, "id" | "nodes">
>;

/** A plan from sketches; layers run in parallel without budgets unless they say otherwise. */
export function planOf(layers: readonly LayerSketch[], over: Partial<Plan> = {}): Plan {
  const nodes: PlanNode[] = [];
  const planLayers = layers.map(({ nodes: sketches, ...layer }): PlanLayer => {
    const own = sketches.map((sketch) => (typeof sketch === "string" ? { id: sketch } : sketch));
    nodes.push(
      ...own.map((sketch) => ({
        agent: "rig",
        input: {},
        needs: [],
        retry: defaultRetryPolicy,
        exclusive: false,
        layerId: layer.id,
        ...sketch,
      })),
    );
    return {
      name: layer.id,
      executionMode: "parallel",
      maxParallel: 100,
      gates: [],
      assumed: [],
      failFast: false,
      ...layer,
      nodes: own.map((sketch) => sketch.id),
    };
  });
  return {
    version: 1,
    environment: "test",
    projectRoot: "/project",
    layers: planLayers,
    nodes,
    maxParallel: 100,
    failurePolicy: "continue",
    leftOut: [],
    notes: [],
    ...over,
  };
}

/** An agent whose nodes end when the test says so, and how it says. */
class ControllableAgent implements Agent {
  readonly name: string = "rig";
  readonly running = new Map<
    string,
    { context: AgentContext; settle: (output: unknown) => void; fail: (error: unknown) => void }
  >();
  readonly started: string[] = [];
  /** Ignores its signal when true. */
  isDeaf = false;

  execute(_input: unknown, context: AgentContext): Promise<unknown> {
    const { id } = context.node;
    this.started.push(id);
    return new Promise((resolve, reject) => {
      const end =
        <Value>(how: (value: Value) => void) =>
        (value: Value) => {
          this.running.delete(id);
          how(value);
        };
      this.running.set(id, { context, settle: end(resolve), fail: end(reject) });
      if (!this.isDeaf)
        context.signal.addEventListener("abort", () => end(reject)(context.signal.reason), { once: true });
    });
  }

  /** Ends a running node; passed unless an outcome is given. */
  async end(id: string, outcome?: Outcome, report: Partial<AgentReport> = {}): Promise<void> {
    const node = this.running.get(id);
    if (!node) throw new Error(`${id} does not run; running: ${[...this.running.keys()].join(", ") || "nothing"}`);
    node.settle(outcome ? { outcome, ...report } : undefined);
    await settle();
  }
}

/** A run under way, with its events so far. */
export class RunRig {
  readonly clock = new ManualClock();
  readonly agent = new ControllableAgent();
  readonly events: RunEvent[] = [];
  readonly abort = new AbortController();
  readonly summary: Promise<RunSummary>;

  constructor(plan: Plan, options: Partial<RunPlanOptions> = {}) {
    this.summary = runPlan(plan, {
      agents: [this.agent],
      clock: this.clock,
      signal: this.abort.signal,
      ...options,
      reporters: [{ name: "recorder", onEvent: (event) => void this.events.push(event) }, ...(options.reporters ?? [])],
    });
  }

  static async start(plan: Plan, options: Partial<RunPlanOptions> = {}): Promise<RunRig> {
    const rig = new RunRig(plan, options);
    await settle();
    return rig;
  }

  get running(): string[] {
    return [...this.agent.running.keys()];
  }

  all<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.events.filter((event): event is RunEventOf<Type> => event.type === type);
  }

  outcomeOf(nodeId: string): Outcome | undefined {
    return this.all("node_completed").find((event) => event.nodeId === nodeId)?.outcome;
  }

  layerOutcome(layerId: string): Outcome | undefined {
    return this.all("layer_completed").find((event) => event.layerId === layerId)?.outcome;
  }
}

export const failed: Outcome = { status: "failed", reason: "1 of 3 tests failed" };
