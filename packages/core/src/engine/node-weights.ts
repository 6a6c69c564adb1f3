import type { NodeId } from "../ids.ts";

/** Nodes that never ran before weigh as much as the average of those that did. */
export function weightsFrom(past: ReadonlyMap<NodeId, number> | undefined): ((nodeId: NodeId) => number) | undefined {
  if (!past || past.size === 0) return undefined;
  let sum = 0;
  for (const durationMs of past.values()) sum += durationMs;
  const mean = sum / past.size;
  return (nodeId) => past.get(nodeId) ?? mean;
}
