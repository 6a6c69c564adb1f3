import { type CategoryTask, layerExecutionAgentName, type NodeId, type PlanNode } from "@netra-apex/core";
import type { RunView } from "../run-view.ts";

/** The task of a node that runs a category, or undefined for a node of another agent. */
export function categoryTaskOf(node: PlanNode | undefined): CategoryTask | undefined {
  if (node?.agent !== layerExecutionAgentName) return undefined;
  const { input } = node;
  return typeof input === "object" && input !== null && "category" in input ? (input as CategoryTask) : undefined;
}

/** The category that a node belongs to: several shards are one category; a plugin's node is its own. */
export function categoryName(view: RunView, id: NodeId): string {
  return categoryTaskOf(view.planNodes.get(id))?.category ?? id;
}
