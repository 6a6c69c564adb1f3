import type { LayerId, NodeId, OutcomeStatus, TestCounts } from "@netra-apex/core";
import { noTests } from "@netra-apex/core";
import type { FinishedNode, RunningNode } from "../../node-view.ts";
import type { LayerView, RunView } from "../../run-view.ts";

/** How a category stands. */
export type NodeStatus = "waiting" | "running" | "retrying" | OutcomeStatus;

/** A line of the list of layers: a layer's head, one of its categories, or the room between two layers. */
export type LayerRow =
  | { readonly kind: "layer"; readonly layer: LayerView; readonly done: number; readonly isOpen: boolean }
  | {
      readonly kind: "node";
      readonly id: NodeId;
      readonly layerId: LayerId;
      readonly status: NodeStatus;
      readonly isLast: boolean;
      /** Of the category above it. */
      readonly isPart: boolean;
      readonly running?: RunningNode;
      readonly finished?: FinishedNode;
    }
  | { readonly kind: "nothing"; readonly layerId: LayerId }
  | { readonly kind: "gap"; readonly layerId: LayerId };

/** Which categories are shown. */
export interface NodeChoice {
  readonly status: "all" | "running" | "broken";
  readonly words: string;
  readonly closed: ReadonlySet<LayerId>;
}

/** The layers of a run in order, each with those of its categories that are chosen, in the plan's order. */
export function layerRows({ layers, running, planNodes }: RunView, choice: NodeChoice): LayerRow[] {
  const words = choice.words.toLowerCase().split(/\s+/).filter(Boolean);
  const isChosen = words.length > 0 || choice.status !== "all";
  return [...layers.values()].flatMap((layer): LayerRow[] => {
    const finished = new Map(layer.finished.map((node) => [node.id, node]));
    const nodes = withParts(layer.nodeIds, planNodes).flatMap((id) => {
      const [active, ended] = [running.get(id), finished.get(id)];
      const status = ended?.outcome.status ?? runningStatus(active);
      const fits = words.every((word) => id.toLowerCase().includes(word)) && fitsStatus(status, active, choice.status);
      return fits ? [{ id, status, active, ended }] : [];
    });
    const isOpen = !choice.closed.has(layer.id);
    const head: LayerRow = { kind: "layer", layer, done: finished.size, isOpen };
    const gap: LayerRow = { kind: "gap", layerId: layer.id };
    if (!isOpen) return [head, gap];
    if (nodes.length === 0) return isChosen ? [head, { kind: "nothing", layerId: layer.id }, gap] : [head, gap];
    const parts = new Set(nodes.flatMap(({ id }) => planNodes.get(id)?.parts ?? []));
    const rows = nodes.map(({ id, status, active, ended }, index): LayerRow => ({
      kind: "node",
      id,
      isPart: parts.has(id),
      layerId: layer.id,
      status,
      isLast: index === nodes.length - 1,
      ...(active && { running: active }),
      ...(ended && { finished: ended }),
    }));
    return [head, ...rows, gap];
  });
}

/** The parts of a category come after it, wherever the plan has them. */
function withParts(ids: readonly NodeId[], planNodes: RunView["planNodes"]): readonly NodeId[] {
  const wholeOf = new Map<NodeId, NodeId>();
  for (const id of ids) {
    for (const part of planNodes.get(id)?.parts ?? []) {
      if (planNodes.get(part)?.parts === undefined && !wholeOf.has(part)) wholeOf.set(part, id);
    }
  }
  if (wholeOf.size === 0) return ids;
  const all = new Set(ids);
  return ids.flatMap((id) => {
    if (wholeOf.has(id)) return [];
    return [id, ...(planNodes.get(id)?.parts ?? []).filter((part) => all.has(part) && wholeOf.get(part) === id)];
  });
}

function runningStatus(node: RunningNode | undefined): NodeStatus {
  if (!node) return "waiting";
  return node.isBackingOff ? "retrying" : "running";
}

function fitsStatus(status: NodeStatus, running: RunningNode | undefined, wanted: NodeChoice["status"]): boolean {
  if (wanted === "all") return true;
  if (wanted === "running") return running !== undefined;
  if (running) return running.counts.failed > 0;
  return status !== "waiting" && status !== "passed" && status !== "skipped";
}

/** The sum of the tests of a layer so far. */
export function layerCounts({ finished, nodeIds, progress }: LayerView, { running, planNodes }: RunView): TestCounts {
  if (progress.phase === "finished") return progress.counts;
  return sumCounts(finished, nodeIds, { running, planNodes });
}

/** The tests of a run so far. */
export function runCounts(view: RunView): TestCounts {
  if (view.summary) return view.summary.counts;
  const sum = { ...noTests };
  for (const layer of view.layers.values()) addTo(sum, layerCounts(layer, view));
  return sum;
}

function sumCounts(
  finished: readonly FinishedNode[],
  nodeIds: readonly NodeId[],
  { running, planNodes }: Pick<RunView, "running" | "planNodes">,
): TestCounts {
  const sum = { ...noTests };
  for (const { id, counts } of finished) {
    // What consists of parts has their counts.
    if (planNodes.get(id)?.parts === undefined) addTo(sum, counts);
  }
  for (const id of running.size === 0 ? [] : nodeIds) {
    const node = running.get(id);
    if (node && planNodes.get(id)?.parts === undefined) addTo(sum, node.counts);
  }
  return sum;
}

function addTo(sum: { -readonly [Key in keyof TestCounts]: number }, counts: TestCounts): void {
  sum.total += counts.total;
  sum.passed += counts.passed;
  sum.failed += counts.failed;
  sum.skipped += counts.skipped;
  sum.flaky += counts.flaky;
}
