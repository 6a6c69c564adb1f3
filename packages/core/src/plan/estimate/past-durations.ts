import type { NodeId } from "../../ids.ts";
import type { Plan, PlanNode } from "../plan.ts";
import type { PlanHistory } from "./plan-estimate.ts";
import { median } from "./quantile.ts";

/** What was long ago says little about today. */
const recentRuns = 50;

/** The typical time of each node that has run before, in milliseconds, as the engine takes it (`pastDurationsMs`). */
export function pastDurationsOf(history: PlanHistory): Map<NodeId, number> {
  const typical = new Map<NodeId, number>();
  for (const [nodeId, durations] of history) {
    const recent = recentDurations(durations);
    if (recent.length > 0) typical.set(nodeId, median(recent));
  }
  return typical;
}

/** What is known of how long the plan's own nodes take, in whole milliseconds; without `expectedMs` where nothing is. */
export function expectedDurations(
  { nodes }: Plan,
  pastDurationsMs: ReadonlyMap<NodeId, number> = new Map(),
): { readonly expectedMs?: Record<NodeId, number> } {
  const known = nodes.flatMap(({ id }) => {
    const ms = pastDurationsMs.get(id);
    return ms === undefined ? [] : [[id, Math.round(ms)] as const];
  });
  return known.length > 0 ? { expectedMs: Object.fromEntries(known) } : {};
}

/** The recent durations of a node, ascending, none longer than its deadline lets a run be today. */
export function durationsOfNode(node: PlanNode, history: PlanHistory): readonly number[] {
  // While its shards have never run, what has been seen under the category's name is the whole of it.
  if (node.parts && !node.parts.some((part) => recentDurations(history.get(part) ?? []).length > 0)) return [];
  const { timeoutMs = Number.POSITIVE_INFINITY, attemptTimeoutMs = Number.POSITIVE_INFINITY, retry } = node;
  const limitMs = Math.min(timeoutMs, retry.maxAttempts === 1 ? attemptTimeoutMs : timeoutMs);
  return recentDurations(history.get(node.id) ?? [])
    .map((durationMs) => Math.min(durationMs, limitMs))
    .toSorted((left, right) => left - right);
}

function recentDurations(durations: readonly number[]): readonly number[] {
  return durations.slice(-recentRuns).filter((durationMs) => Number.isFinite(durationMs) && durationMs >= 0);
}
