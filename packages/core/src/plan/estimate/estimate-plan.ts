import { criticalPath } from "../../dag/critical-path.ts";
import { weightsFrom } from "../../engine/node-weights.ts";
import { PlanGraph } from "../../engine/plan-graph.ts";
import { demandKey, demandOf } from "../../engine/resource-ledger.ts";
import type { NodeId } from "../../ids.ts";
import type { Plan, PlanNode } from "../plan.ts";
import { DurationSamples } from "./duration-samples.ts";
import { durationsOfNode, pastDurationsOf } from "./past-durations.ts";
import type { LayerEstimate, NodeEstimate, PlanEstimate, PlanHistory, SpanEstimate } from "./plan-estimate.ts";
import { quantile } from "./quantile.ts";
import { runningNodes } from "./running-nodes.ts";
import { PlanSimulation } from "./simulate-plan.ts";

/** How a plan is estimated. */
export interface EstimateOptions {
  /** How many runs are simulated; 200 by default, fewer for large plans (200 for 1,000 nodes, 20 for 10,000). */
  readonly samples?: number;
  /** The same seed gives the same estimate; 1 by default. */
  readonly seed?: number;
  /** Nodes whose earlier pass is kept: they take no time. */
  readonly kept?: ReadonlySet<NodeId>;
}

const defaultSamples = 200;
const fewestSamples = 20;
/** Simulated nodes of all runs together: some half a second. */
const affordable = 200_000;
/** So many different demands cost no time worth mentioning. */
const kindsForFree = 10;

/** A node that will run, with its past. */
interface KnownNode {
  readonly node: PlanNode;
  /** By simulated run. */
  readonly samples: Float64Array;
  readonly estimate: NodeEstimate;
}

/**
 * What past runs say of how long a plan is going to take: by simulating it, with the engine's own scheduler, on durations
 * drawn from those of the past. It holds for a run in which all passes; retries count as far as past passes had them, nodes
 * that agents add during the run do not. Throws `DagError` for a plan whose nodes or layers do not fit together.
 */
export function estimatePlan(plan: Plan, history: PlanHistory, options: EstimateOptions = {}): PlanEstimate {
  const { seed = 1, kept } = options;
  const count = options.samples ?? sampleCount(plan);
  // The order of the run is that of the engine when it is given the same past.
  const graph = new PlanGraph(plan, weightsFrom(pastDurationsOf(history), kept));
  const runs = runningNodes(plan, graph);
  for (const [index, { id }] of plan.nodes.entries()) if (kept?.has(id)) runs[index] = 0;

  const draw = new DurationSamples(count, seed);
  const known = new Map<number, KnownNode>();
  const unknown: PlanNode[] = [];
  for (const [index, node] of plan.nodes.entries()) {
    if (runs[index] === 0) continue;
    const durations = durationsOfNode(node, history);
    if (durations.length === 0) unknown.push(node);
    else known.set(index, knownNode({ node, durations, samples: draw.of(durations) }));
  }
  if (known.size === 0) return { samples: 0, nodes: [], layers: [], unknown: idsOf(unknown) };

  const simulation = new PlanSimulation(plan, graph, runs);
  const runMs = new Float64Array(count);
  const layerMs = plan.layers.map(() => new Float64Array(count));
  for (let sample = 0; sample < count; sample += 1) {
    const simulated = simulation.run((node) => known.get(node)?.samples[sample] ?? 0);
    runMs[sample] = simulated.runMs;
    for (const [layer, times] of layerMs.entries()) times[sample] = simulated.layerMs[layer] as number;
  }

  const nodes = [...known.values()];
  const layers = plan.layers.flatMap((layer, index): LayerEstimate[] => {
    const isOwn = ({ layerId }: PlanNode): boolean => layerId === layer.id;
    if (!nodes.some(({ node }) => isOwn(node))) return [];
    const span = { times: layerMs[index] as Float64Array, budgetMs: layer.budgetMs, unknown: unknown.filter(isOwn) };
    return [{ layerId: layer.id, ...spanOf(span), ...criticalPathOf(graph, known, isOwn) }];
  });
  return {
    samples: count,
    nodes: nodes.map(({ estimate }) => estimate),
    layers,
    run: { ...spanOf({ times: runMs, budgetMs: plan.budgetMs, unknown }), ...criticalPathOf(graph, known, () => true) },
    unknown: idsOf(unknown),
  };
}

function sampleCount({ nodes }: Plan): number {
  // The scheduler looks at the first of each kind whenever something may start.
  const kinds = new Set(nodes.map((node) => demandKey(demandOf(node)))).size;
  const work = Math.max(1, nodes.length) * Math.max(1, kinds / kindsForFree);
  return Math.min(defaultSamples, Math.max(fewestSamples, Math.floor(affordable / work)));
}

interface Durations extends Pick<KnownNode, "node" | "samples"> {
  readonly durations: readonly number[];
}

function knownNode({ node, samples, durations }: Durations): KnownNode {
  return { node, samples, estimate: { nodeId: node.id, ...timesOf(samples.toSorted()), runs: durations.length } };
}

function timesOf(sorted: Float64Array): Pick<NodeEstimate, "bestMs" | "predictedMs" | "worstMs"> {
  return { bestMs: sorted[0] as number, predictedMs: quantile(sorted, 0.5), worstMs: quantile(sorted, 0.95) };
}

interface Span {
  readonly times: Float64Array;
  readonly budgetMs: number | undefined;
  readonly unknown: readonly PlanNode[];
}

function spanOf({ times, budgetMs, unknown }: Span): Omit<SpanEstimate, "criticalPath" | "criticalPathMs"> {
  const sorted = times.toSorted();
  const met = budgetMs === undefined ? 0 : sorted.filter((time) => time <= budgetMs).length;
  return {
    ...timesOf(sorted),
    ...(budgetMs === undefined ? {} : { budgetMs, budgetChance: met / sorted.length }),
    unknown: idsOf(unknown),
  };
}

/** The critical path when only the nodes that are asked for take time. */
function criticalPathOf(
  graph: PlanGraph,
  known: ReadonlyMap<number, KnownNode>,
  isAsked: (node: PlanNode) => boolean,
): Pick<SpanEstimate, "criticalPath" | "criticalPathMs"> {
  const asked = new Map([...known].filter(([, { node }]) => isAsked(node)));
  const { path, weight } = criticalPath(graph.dag, (index) => {
    const vertex = graph.vertex(index);
    return vertex.kind === "node" ? (asked.get(vertex.node)?.estimate.predictedMs ?? 0) : 0;
  });
  const ids = new Set([...asked.values()].map(({ node }) => node.id));
  return { criticalPath: path.filter((id) => ids.has(id)), criticalPathMs: weight };
}

function idsOf(nodes: readonly PlanNode[]): NodeId[] {
  return nodes.map(({ id }) => id);
}
