import { estimatePlan, type LayerId, type NodeId, type Plan, type PlanEstimate } from "@netra-apex/core";
import type { RunningNode } from "../../node-view.ts";
import type { RunView } from "../../run-view.ts";

/** How long a run and its layers take if each category takes what it took before, in milliseconds; what is not known is left out. */
export interface RunPrediction {
  readonly runMs?: number;
  readonly layersMs: ReadonlyMap<LayerId, number>;
}

/** Where nothing is known. */
const noPrediction: RunPrediction = { layersMs: new Map() };

/**
 * Plays the plan through with the engine's own scheduler. A layer that has a category without a past, or one that was added, has no
 * prediction, nor has one that may run beside such a layer: it would be too short.
 */
export function predictRun(
  { plan, planNodes, expectedMs }: Pick<RunView, "plan" | "planNodes" | "expectedMs">,
  kept: ReadonlySet<NodeId>,
): RunPrediction {
  if (!plan || expectedMs.size === 0) return noPrediction;
  const estimate = estimateOf(plan, expectedMs, kept);
  if (!estimate) return noPrediction;
  const unsure = new Set<LayerId>();
  for (const id of estimate.unknown) unsure.add(planNodes.get(id)?.layerId ?? "");
  for (const { layerId, spawnedBy } of planNodes.values()) if (spawnedBy !== undefined) unsure.add(layerId);
  const follows = followers(plan);
  const isSure = (id: LayerId): boolean =>
    [...unsure].every((other) => other !== id && (follows(id, other) || follows(other, id)));
  const layers = estimate.layers.filter(({ layerId }) => isSure(layerId));
  return {
    layersMs: new Map(layers.map(({ layerId, predictedMs }) => [layerId, predictedMs])),
    ...(unsure.size === 0 && estimate.run && { runMs: estimate.run.predictedMs }),
  };
}

function estimateOf(
  plan: Plan,
  expectedMs: ReadonlyMap<NodeId, number>,
  kept: ReadonlySet<NodeId>,
): PlanEstimate | undefined {
  const history = new Map([...expectedMs].map(([id, ms]): [NodeId, number[]] => [id, [ms]]));
  // What consists of parts ends with the last of them.
  for (const { id, parts = [] } of plan.nodes) if (parts.some((part) => expectedMs.has(part))) history.set(id, [0]);
  try {
    return estimatePlan(plan, history, { samples: 1, kept });
  } catch {
    // A plan of somebody who sends what is none is shown all the same.
    return undefined;
  }
}

/** Tells whether a layer starts only after another one has ended. */
function followers({ layers }: Plan): (layer: LayerId, other: LayerId) => boolean {
  const before = new Map<LayerId, Set<LayerId>>();
  const all = new Map(layers.map(({ id, gates }) => [id, gates]));
  const gatesOf = (id: LayerId): Set<LayerId> => {
    const known = before.get(id);
    if (known) return known;
    const found = new Set<LayerId>();
    before.set(id, found);
    for (const gate of all.get(id) ?? []) {
      found.add(gate);
      for (const earlier of gatesOf(gate)) found.add(earlier);
    }
    return found;
  };
  return (layer, other) => gatesOf(layer).has(other);
}

/** What a category took before; nothing for one that consists of parts, which each have their own. */
export function expectedOf(
  { planNodes, expectedMs }: Pick<RunView, "planNodes" | "expectedMs">,
  id: NodeId,
): number | undefined {
  return planNodes.get(id)?.parts === undefined ? expectedMs.get(id) : undefined;
}

/** Whether something takes so much longer than before that it is worth a look; as in the terminal. */
export function isLate(elapsedMs: number, expectedMs: number): boolean {
  return elapsedMs > Math.max(expectedMs * 1.5, expectedMs + 1_000);
}

/** What a category is going to be over if it takes what it took before: its own limit, or the end of its layer's budget. */
export function predictedOverrun(
  view: Pick<RunView, "planNodes" | "layers" | "expectedMs">,
  id: NodeId,
  running: RunningNode | undefined,
): "limit" | "layer" | undefined {
  const expected = expectedOf(view, id);
  const node = view.planNodes.get(id);
  if (expected === undefined || !node) return undefined;
  if (node.timeoutMs !== undefined && expected > node.timeoutMs) return "limit";
  const layer = view.layers.get(node.layerId);
  if (!running || layer?.progress.phase !== "running" || layer.budgetMs === undefined) return undefined;
  return running.startedAtMs + expected > layer.progress.startedAtMs + layer.budgetMs ? "layer" : undefined;
}
