import { availableParallelism } from "node:os";
import type { Config } from "../config/config.ts";
import type { Layer, Placement } from "../layers/layer.ts";
import { layerCapacity, runCapacity } from "./capacity.ts";
import { categoryNodes, changedFilesOf } from "./category-node.ts";
import { type ChosenLayer, chooseLayers } from "./choose-layers.ts";
import { layerNeeds } from "./layer-needs.ts";
import type { Plan, PlanLayer, PlanNode } from "./plan.ts";
import type { Selection } from "./selection.ts";

/**
 * Resolves what was asked for into the DAG that will run. Throws `SelectionError` for names that do not exist, for
 * categories that have no command although they were asked for, and for settings that do not go together.
 */
export function resolvePlan(config: Config, selection: Selection): Plan {
  const chosen = chooseLayers(config, selection);
  const maxParallel = selection.maxParallel ?? availableParallelism();
  const placed = placeOnce(chosen.layers);
  const names = new Set([...placed.values()].flat().map((placement) => placement.category));
  const notes = [...chosen.notes];
  const nodes: PlanNode[] = [];
  const layers: PlanLayer[] = [];

  for (const { layer, gates, assumed } of chosen.layers) {
    const own = placed.get(layer.id) ?? [];
    for (const placement of own) {
      const category = config.categories.get(placement.category);
      const { environment } = config;
      if (category) nodes.push(...categoryNodes({ layer, placement, category, names, selection, environment, notes }));
    }
    const ownNodes = nodes.filter((node) => node.layerId === layer.id);
    const reserving = ownNodes.filter((node) => node.reserves);
    layers.push({
      id: layer.id,
      name: layer.name,
      executionMode: layer.executionMode,
      ...(layer.budgetMs === undefined ? {} : { budgetMs: layer.budgetMs }),
      maxParallel: layerParallelism(layer, maxParallel),
      gates,
      assumed,
      failurePolicy: layer.failurePolicy,
      ...(layer.retryBudget === undefined ? {} : { retryBudget: layer.retryBudget }),
      ...layerCapacity(layer, reserving, notes),
      ...layerNeeds(layer, ownNodes, config, selection),
      nodes: ownNodes.map(({ id }) => id),
    });
    if (assumed.length > 0)
      notes.push(`${layer.id} depends on ${assumed.join(", ")}, which this selection leaves out: taken as passed`);
  }

  if (selection.shard) {
    const { index, total } = selection.shard;
    notes.push(`shard ${index}/${total} of each category: what passes here proves that part alone`);
  }

  return {
    version: 1,
    ...(chosen.runMode === undefined ? {} : { runMode: chosen.runMode }),
    environment: config.environment,
    ...(selection.shard === undefined ? {} : { shard: selection.shard }),
    projectRoot: config.projectRoot,
    layers,
    leftOut: chosen.leftOut,
    nodes,
    maxParallel,
    ...(chosen.budgetMs === undefined ? {} : { budgetMs: chosen.budgetMs }),
    failurePolicy: selection.failurePolicy ?? "continue",
    ...(chosen.retryBudget === undefined ? {} : { retryBudget: chosen.retryBudget }),
    ...runCapacity(nodes, notes),
    ...(nodes.some((node) => node.when?.changed) ? changedFilesOf(selection) : {}),
    notes,
  };
}

/** A category that several layers place runs once, in the first of them. */
function placeOnce(layers: readonly ChosenLayer[]): Map<string, Placement[]> {
  const seen = new Set<string>();
  const placed = new Map<string, Placement[]>();
  for (const { layer, placements } of layers) {
    const own = placements.filter((placement) => !seen.has(placement.category));
    for (const placement of own) seen.add(placement.category);
    placed.set(layer.id, own);
  }
  return placed;
}

function layerParallelism(layer: Layer, runParallel: number): number {
  switch (layer.executionMode) {
    case "sequential":
      return 1;
    case "parallel":
      return Math.min(runParallel, layer.limits.maxParallel ?? runParallel);
    case "hybrid": {
      // As many at once as the layer's share of the CPUs carries, at least one.
      const share = Math.floor((availableParallelism() * (layer.limits.maxCpuPercent ?? 100)) / 100);
      return Math.min(runParallel, layer.limits.maxParallel ?? Math.max(1, share));
    }
    default:
      return layer.executionMode satisfies never;
  }
}
