import { formatDuration } from "../config/units.ts";
import type { LayerId } from "../ids.ts";
import { recentQuantile } from "./budget-eaters.ts";
import type { LayerHistory } from "./layer-history.ts";

/** A category that should run elsewhere than in its layer. */
export interface BudgetMove {
  readonly category: string;
  /** The first layer behind its own that has room for it; absent: none has, so it belongs in the background. */
  readonly toLayer?: LayerId;
  /** Its typical (p50) time, in milliseconds. */
  readonly durationMs: number;
  /** What 19 of 20 of its runs stay under, in milliseconds. */
  readonly worstMs: number;
  /** Why, with the figures. */
  readonly reason: string;
}

interface Pressure {
  readonly budgetMs: number;
  /** Whether the layer is near its budget, or worse. */
  readonly isTight: boolean;
  /** All layers, in the order of the run. */
  readonly layers: readonly LayerHistory[];
}

const fewestRuns = 5;
const mostOfBudget = 0.5;

/**
 * What should leave a layer: a category whose worst runs alone exceed what the others leave of the budget, and, where the
 * budget is tight, one that takes more than half of it.
 */
export function suggestMoves(layer: LayerHistory, { budgetMs, isTight, layers }: Pressure): BudgetMove[] {
  if (layer.isBackground) return [];
  const typical = new Map([...layer.categories].map(([name, past]) => [name, recentQuantile(past, 0.5) ?? 0]));
  const together = [...typical.values()].reduce((sum, ms) => sum + ms, 0);
  return [...layer.categories].flatMap(([category, past]): BudgetMove[] => {
    if (past.length < fewestRuns) return [];
    const durationMs = typical.get(category) ?? 0;
    const worstMs = recentQuantile(past, 0.95) ?? 0;
    // Side by side, each has the whole budget.
    const othersMs = layer.executionMode === "sequential" ? together - durationMs : 0;
    const leftMs = Math.max(0, budgetMs - othersMs);
    const reason = reasonOf({ category, durationMs, worstMs, leftMs, budgetMs, isTight });
    if (reason === undefined) return [];
    const toLayer = roomFor(worstMs, layers.slice(layers.indexOf(layer) + 1));
    return [{ category, ...(toLayer === undefined ? {} : { toLayer }), durationMs, worstMs, reason }];
  });
}

interface Figures
  extends Pick<BudgetMove, "category" | "durationMs" | "worstMs">, Pick<Pressure, "budgetMs" | "isTight"> {
  readonly leftMs: number;
}

function reasonOf({ category, durationMs, worstMs, leftMs, budgetMs, isTight }: Figures): string | undefined {
  // A category that always takes a bit is not the one that breaks what the others have used up.
  const isWorthIt = durationMs >= budgetMs * 0.1;
  if (isWorthIt && worstMs > leftMs) {
    const left = leftMs < budgetMs ? `the ${formatDuration(leftMs)} that the others leave of ` : "the whole budget of ";
    return `1 run of ${category} in 20 takes ${formatDuration(worstMs)} or more, beyond ${left}${formatDuration(budgetMs)}`;
  }
  if (!isTight || durationMs <= budgetMs * mostOfBudget) return undefined;
  const share = Math.round((durationMs / budgetMs) * 100);
  return `${category} alone takes ${formatDuration(durationMs)}, ${share} % of the budget of ${formatDuration(budgetMs)}`;
}

function roomFor(worstMs: number, later: readonly LayerHistory[]): LayerId | undefined {
  return later.find(({ runs, isBackground }) => {
    const budgetMs = runs.at(-1)?.budgetMs;
    if (isBackground || budgetMs === undefined) return false;
    const passed = runs.filter(({ outcome }) => outcome === "passed").map(({ durationMs }) => durationMs);
    const usedMs = recentQuantile(passed, 0.95);
    return usedMs !== undefined && usedMs + worstMs <= budgetMs;
  })?.layerId;
}
