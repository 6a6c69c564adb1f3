import type { Plan, PlanNode } from "./plan.ts";

/** The plan with more nodes, each at the end of its layer. */
export function extendedPlan(plan: Plan, added: readonly PlanNode[]): Plan {
  return {
    ...plan,
    nodes: [...plan.nodes, ...added],
    layers: plan.layers.map((layer) => {
      const own = added.filter((node) => node.layerId === layer.id).map((node) => node.id);
      return own.length === 0 ? layer : { ...layer, nodes: [...layer.nodes, ...own] };
    }),
  };
}
