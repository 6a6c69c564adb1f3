import { formatDuration } from "../../config/units.ts";
import type { LayerId, NodeId } from "../../ids.ts";
import type { PlanEstimate, SpanEstimate } from "../estimate/plan-estimate.ts";

const named = 3;

/** What history says of a plan, for people. Empty without an estimate. */
export interface EstimateText {
  /** The line below the plan's header. */
  readonly run?: string;
  /** By layer id: a line. */
  readonly layers: ReadonlyMap<LayerId, string>;
  /** By node id: `~12s`. */
  readonly nodes: ReadonlyMap<NodeId, string>;
}

/** Says an estimate: `predicted 92s (best 70s, worst 2m 05s of 2m) · 84 % chance to meet the budget`. */
export function estimateText(estimate: PlanEstimate | undefined): EstimateText {
  if (!estimate) return { layers: new Map(), nodes: new Map() };
  const { run, unknown, layers, nodes } = estimate;
  const whole = run
    ? runLine(run)
    : unknown.length === 0
      ? undefined
      : "no estimate: nothing of this has passed before";
  return {
    ...(whole === undefined ? {} : { run: whole }),
    layers: new Map(layers.map((layer) => [layer.layerId, spanFacts(layer).join(" · ")])),
    nodes: new Map(nodes.map(({ nodeId, predictedMs }) => [nodeId, `~${formatDuration(predictedMs)}`])),
  };
}

function runLine(run: SpanEstimate): string {
  const { criticalPath: path, criticalPathMs } = run;
  const critical = path.length < 2 ? [] : [`critical path ${pathText(path)} (${formatDuration(criticalPathMs)})`];
  return [...spanFacts(run), ...critical].join(" · ");
}

function spanFacts({ bestMs, predictedMs, worstMs, budgetMs, budgetChance, unknown }: SpanEstimate): string[] {
  const of = budgetMs === undefined ? "" : ` of ${formatDuration(budgetMs)}`;
  const [best, predicted, worst] = [bestMs, predictedMs, worstMs].map((ms) => formatDuration(ms));
  return [
    `predicted ${predicted} (best ${best}, worst ${worst}${of})`,
    ...(budgetChance === undefined ? [] : [`${chanceText(budgetChance)} chance to meet the budget`]),
    ...(unknown.length === 0 ? [] : [`not counting ${names(unknown)}, without history`]),
  ];
}

/** A share of simulated runs proves neither "never" nor "always". */
function chanceText(chance: number): string {
  const percent = Math.round(chance * 100);
  return percent < 1 ? "under 1 %" : percent > 99 ? "over 99 %" : `${percent} %`;
}

function names(ids: readonly NodeId[]): string {
  const more = ids.length > named ? ` and ${ids.length - named} more` : "";
  return ids.slice(0, named).join(", ") + more;
}

function pathText(path: readonly NodeId[]): string {
  if (path.length <= 6) return path.join(" → ");
  return [...path.slice(0, 3), `… ${path.length - 5} more …`, ...path.slice(-2)].join(" → ");
}
