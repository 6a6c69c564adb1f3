import { outcomeRefusal } from "../../engine/condition.ts";
import type { PlanGraph } from "../../engine/plan-graph.ts";
import type { OutcomeStatus } from "../../outcome.ts";
import type { Plan, PlanNode } from "../plan.ts";

/** By node index, whether the node runs when everything that runs passes. Conditions that a function decides count as true. */
export function runningNodes(plan: Plan, graph: PlanGraph): Uint8Array {
  const statuses = new Map<string, OutcomeStatus>();
  const blocking = new Set<string>();
  const runs = new Uint8Array(plan.nodes.length);
  for (const index of graph.dag.order) {
    const vertex = graph.vertex(index);
    if (vertex.kind !== "node") continue;
    const node = plan.nodes[vertex.node] as PlanNode;
    const refused = node.when && outcomeRefusal(node.when, (id) => statuses.get(id)) !== undefined;
    const isBlocked = node.needs.some((need) => blocking.has(need));
    const isSkipped = node.skip !== undefined || refused === true || isBlocked;
    statuses.set(node.id, isSkipped ? "skipped" : "passed");
    // What is not configured stands in nobody's way.
    if (isSkipped && node.skip?.cause !== "not-configured") blocking.add(node.id);
    if (!isSkipped) runs[vertex.node] = 1;
  }
  return runs;
}
