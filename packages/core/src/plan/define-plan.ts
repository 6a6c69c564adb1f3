import { availableParallelism } from "node:os";
import { defaultRetryPolicy } from "../config/normalize.ts";
import type { RetryPolicy } from "../layers/category.ts";
import type { Plan, PlanLayer, PlanNode } from "./plan.ts";

/** A node of a plan that is made by hand: its id and its agent; everything else has a default. */
export type PlanNodeSketch = Pick<PlanNode, "id" | "agent"> &
  Partial<Omit<PlanNode, "id" | "agent" | "layerId" | "retry">> & {
    /** What is left out is as in any other retry policy: 1 attempt, 1 s growing twofold to 30 s, full jitter. */
    readonly retry?: Partial<Omit<RetryPolicy, "backoff">> & { readonly backoff?: Partial<RetryPolicy["backoff"]> };
  };

/** A layer of a plan that is made by hand. It runs in parallel after the layers before it, unless it says otherwise. */
export type PlanLayerSketch = Pick<PlanLayer, "id"> &
  Partial<Omit<PlanLayer, "id" | "nodes">> & { readonly nodes: readonly PlanNodeSketch[] };

/** A plan that is made by hand: its nodes, or layers of nodes. */
export type PlanSketch = Partial<Omit<Plan, "version" | "layers" | "nodes">> &
  ({ readonly nodes: readonly PlanNodeSketch[] } | { readonly layers: readonly PlanLayerSketch[] });

/**
 * Makes a plan without a config, for agents' own runs and for tests. Nodes without layers are one layer, `main`. Layers
 * come one after another. Nothing is checked here: `runPlan` refuses what does not fit together (`PlanError`, `DagError`).
 */
export function definePlan(sketch: PlanSketch): Plan {
  const { maxParallel = availableParallelism() } = sketch;
  const layers = "layers" in sketch ? sketch.layers : [{ id: "main", nodes: sketch.nodes }];
  const rest: Partial<Plan> = { ...sketch, layers: undefined, nodes: undefined } as object;
  return {
    environment: "test",
    projectRoot: process.cwd(),
    leftOut: [],
    failurePolicy: "continue",
    notes: [],
    ...rest,
    version: 1,
    maxParallel,
    layers: layers.map((layer, index) => planLayer(layer, layers[index - 1], maxParallel)),
    nodes: layers.flatMap((layer) => layer.nodes.map((node) => planNode(node, layer.id))),
  };
}

function planLayer(sketch: PlanLayerSketch, before: PlanLayerSketch | undefined, maxParallel: number): PlanLayer {
  return {
    name: sketch.id,
    executionMode: "parallel",
    maxParallel: sketch.executionMode === "sequential" ? 1 : maxParallel,
    gates: before ? [before.id] : [],
    assumed: [],
    failurePolicy: "continue",
    ...sketch,
    nodes: sketch.nodes.map((node) => node.id),
  };
}

function planNode({ retry, ...sketch }: PlanNodeSketch, layerId: string): PlanNode {
  return {
    input: {},
    needs: [],
    exclusive: false,
    ...sketch,
    layerId,
    retry: { ...defaultRetryPolicy, ...retry, backoff: { ...defaultRetryPolicy.backoff, ...retry?.backoff } },
  };
}
