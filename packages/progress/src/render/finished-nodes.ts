import type { NodeId } from "@netra-apex/core";
import type { FinishedNode } from "../node-view.ts";
import type { LayerProgress, LayerView } from "../run-view.ts";
import { outcomeSentence } from "./outcome-text.ts";

/** A layer's finished nodes in the order in which the plan declares them. */
export function finishedInOrder({ nodeIds, finished }: LayerView): FinishedNode[] {
  const position = new Map<NodeId, number>(nodeIds.map((id, index) => [id, index]));
  return finished.toSorted((a, b) => (position.get(a.id) ?? 0) - (position.get(b.id) ?? 0));
}

/** Whether any of them did more than being left out. */
export function hasRun(nodes: readonly FinishedNode[]): boolean {
  return nodes.some(({ outcome }) => outcome.status !== "skipped");
}

/** A layer that failed without having started. */
export type RefusedLayer = LayerView & { readonly progress: Extract<LayerProgress, { readonly phase: "finished" }> };

/** Whether a layer was kept from starting, and failed by that. */
export function isRefused(layer: LayerView): layer is RefusedLayer {
  const { progress, finished } = layer;
  if (progress.phase !== "finished" || hasRun(finished)) return false;
  return progress.outcome.status === "errored" || progress.outcome.status === "inconclusive";
}

/** The nodes that were left out, by why they were. */
export function skippedByReason(layer: LayerView): Map<string, FinishedNode[]> {
  const byReason = new Map<string, FinishedNode[]>();
  for (const node of finishedInOrder(layer)) {
    if (node.outcome.status !== "skipped") continue;
    const sentence = outcomeSentence(node.outcome);
    byReason.set(sentence, [...(byReason.get(sentence) ?? []), node]);
  }
  return byReason;
}
