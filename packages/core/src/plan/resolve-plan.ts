import { availableParallelism } from "node:os";
import type { Config } from "../config/config.ts";
import type { Category } from "../layers/category.ts";
import type { Layer, Placement } from "../layers/layer.ts";
import { type CategoryTask, layerExecutionAgentName } from "./category-task.ts";
import { type ChosenLayer, chooseLayers } from "./choose-layers.ts";
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
      if (category) nodes.push(nodeFor({ layer, placement, category, names, selection, notes }));
    }
    layers.push({
      id: layer.id,
      name: layer.name,
      executionMode: layer.executionMode,
      ...(layer.budgetMs === undefined ? {} : { budgetMs: layer.budgetMs }),
      maxParallel: layerParallelism(layer, maxParallel),
      gates,
      assumed,
      failFast: layer.failFast,
      nodes: own.map((placement) => placement.category),
    });
    if (assumed.length > 0)
      notes.push(`${layer.id} depends on ${assumed.join(", ")}, which this selection leaves out: taken as passed`);
  }

  return {
    version: 1,
    ...(chosen.runMode === undefined ? {} : { runMode: chosen.runMode }),
    environment: config.environment,
    projectRoot: config.projectRoot,
    layers,
    leftOut: chosen.leftOut,
    nodes,
    maxParallel,
    ...(chosen.budgetMs === undefined ? {} : { budgetMs: chosen.budgetMs }),
    failurePolicy: selection.failurePolicy ?? "continue",
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

interface NodeInput {
  readonly layer: Layer;
  readonly placement: Placement;
  readonly category: Category;
  /** All categories of the plan. */
  readonly names: ReadonlySet<string>;
  readonly selection: Selection;
  readonly notes: string[];
}

function nodeFor({ layer, placement, category, names, selection, notes }: NodeInput): PlanNode {
  const timeoutMs = placement.timeoutMs ?? category.timeoutMs;
  const left = category.needs.filter((need) => !names.has(need));
  if (left.length > 0)
    notes.push(`${category.name} needs ${left.join(", ")}, which this selection leaves out: taken as passed`);
  const task: Omit<CategoryTask, "command"> & Partial<Pick<CategoryTask, "command">> = {
    category: category.name,
    ...(category.command === undefined ? {} : { command: category.command }),
    ...(category.framework === undefined ? {} : { framework: category.framework }),
    cwd: category.cwd,
    env: { ...category.env, ...selection.env },
    additionalArgs: selection.additionalArgs ?? [],
    selectors: selection.selectors ?? [],
    allowNoTests: category.allowNoTests,
  };
  return {
    id: category.name,
    layerId: layer.id,
    agent: layerExecutionAgentName,
    input: task,
    needs: category.needs.filter((need) => names.has(need)),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(category.attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs: category.attemptTimeoutMs }),
    retry: category.retry,
    exclusive: category.exclusive,
    ...(category.command ? {} : { skip: { cause: "not-configured" as const, reason: "not configured" } }),
  };
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
