import type { NodeId } from "../ids.ts";

/**
 * How much nodes weigh when what has most to come starts first. Nodes that never ran before weigh as much as the average of
 * those that did; nodes whose earlier pass is kept weigh nothing.
 */
export function weightsFrom(
  past: ReadonlyMap<NodeId, number> | undefined,
  kept: { has(nodeId: NodeId): boolean } = new Set<NodeId>(),
): (nodeId: NodeId) => number {
  const isKnown = past !== undefined && past.size > 0;
  let sum = 0;
  for (const durationMs of past?.values() ?? []) sum += durationMs;
  const usual = isKnown ? sum / past.size : 1;
  return (nodeId) => (kept.has(nodeId) ? 0 : (past?.get(nodeId) ?? usual));
}
