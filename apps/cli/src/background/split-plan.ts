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
  const nodes = plan.nodes.filter(({ layerId }) => !isQueued(layerId));
  const foreground: Plan = { ...plan, nodes, layers: plan.layers.filter(({ id }) => !isQueued(id)) };
  return { ...(nodes.some(({ skip }) => !skip) ? { foreground } : {}), queued: [...new Set(queued)], layers };
}
