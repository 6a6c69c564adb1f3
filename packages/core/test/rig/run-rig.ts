import type { RunPlanOptions } from "../../src/controller/master-controller.ts";
import { defaultRetryPolicy } from "../../src/config/normalize.ts";
import type { Outcome } from "../../src/outcome.ts";
import type { Plan, PlanLayer, PlanNode } from "../../src/plan/plan.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import type { ManualClock } from "../../src/testing/manual-clock.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { TestRun } from "../../src/testing/test-run.ts";

/** A node of a test plan; everything but the id has a default. */
export type NodeSketch = { readonly id: string } & Partial<Omit<PlanNode, "id" | "layerId">>;
export type LayerSketch = { readonly id: string; readonly nodes: readonly (string | NodeSketch)[] } & Partial<
  Omit<PlanLayer, "id" | "nodes">
>;

/** A plan from sketches; layers run in parallel without gates and budgets unless they say otherwise. */
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
      failurePolicy: "continue",
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

type RigOptions = Partial<Omit<RunPlanOptions, "clock">> & { readonly clock?: ManualClock };

/** A run under way whose nodes the test ends one by one. */
export class RunRig extends TestRun {
  readonly agent: ControllableAgent;

  constructor(plan: Plan, options: RigOptions, agent = new ControllableAgent("rig")) {
    super(plan, { ...options, agents: options.agents ?? [agent] });
    this.agent = agent;
  }

  static async start(plan: Plan, options: RigOptions = {}): Promise<RunRig> {
    const rig = new RunRig(plan, options);
    await settle();
    return rig;
  }

  get running(): string[] {
    return [...this.agent.running.keys()];
  }
}

export const failed: Outcome = { status: "failed", reason: "1 of 3 tests failed" };
