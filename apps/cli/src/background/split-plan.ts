import type { CategoryTask, Config, LayerId, Plan } from "@netra-apex/core";

/** A plan, by who runs it. */
export interface SplitPlan {
  /** What runs here and now; absent when nothing does. */
  readonly foreground?: Plan;
  /** Categories that are queued, in their order. */
  readonly queued: readonly string[];
  /** Layers that they are of. */
  readonly layers: readonly LayerId[];
}

/** Takes out of a run mode's plan what belongs into the background queue. What was named by itself runs where it was asked for. */
export function splitPlan(config: Config, plan: Plan): SplitPlan {
  const layers = plan.layers.filter(({ id }) => config.layers.get(id)?.isBackground).map(({ id }) => id);
  if (plan.runMode === undefined || layers.length === 0) return { foreground: plan, queued: [], layers: [] };
  const isQueued = (layer: LayerId): boolean => layers.includes(layer);
  const queued = plan.nodes.flatMap(({ layerId, input, skip }) => {
    const { category } = input as Partial<CategoryTask>;
    return isQueued(layerId) && !skip && category !== undefined ? [category] : [];
  });
  const isGone = new Set(plan.nodes.filter(({ layerId }) => isQueued(layerId)).map(({ id }) => id));
  const nodes = plan.nodes
    .filter(({ layerId }) => !isQueued(layerId))
    .map((node) => ({ ...node, needs: node.needs.filter((id) => !isGone.has(id)) }));
  const own = plan.layers.filter(({ id }) => !isQueued(id));
  // As with every layer that a selection leaves out, what waits for it goes on, and says so.
  const foreground: Plan = {
    ...plan,
    nodes,
    layers: own.map((layer) => {
      const gates = layer.gates.filter((id) => !isQueued(id));
      return { ...layer, gates, assumed: [...layer.assumed, ...layer.gates.filter(isQueued)] };
    }),
    notes: [
      ...plan.notes,
      ...own.flatMap(({ id, gates }) => {
        const queuedGates = gates.filter(isQueued);
        return queuedGates.length === 0
          ? []
          : [`${id} depends on ${queuedGates.join(", ")}, which is queued: taken as passed`];
      }),
    ],
  };
  return { ...(nodes.some(({ skip }) => !skip) ? { foreground } : {}), queued: [...new Set(queued)], layers };
}
