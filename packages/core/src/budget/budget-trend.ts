import { formatDuration } from "../config/units.ts";
import type { LayerId } from "../ids.ts";
import { quantile } from "../plan/estimate/quantile.ts";
import { type BudgetEater, eatersOf } from "./budget-eaters.ts";
import { type BudgetMove, suggestMoves } from "./budget-moves.ts";
import type { LayerHistory } from "./layer-history.ts";
import { trendLine } from "./trend-line.ts";

/**
 * How a layer stands with its budget: `near` when 1 run in 20 takes 90 % of it or more, `will-break` when it grows and breaks
 * within 50 runs, `breaks` when every other run does.
 */
export type BudgetSeverity = "ok" | "near" | "will-break" | "breaks";

/** How a layer stands with its budget, and where that leads. */
export interface BudgetTrend {
  readonly layerId: LayerId;
  /** The budget of its last run, in milliseconds. */
  readonly budgetMs: number;
  /** On how many recent runs this rests: those that passed, or ended at a deadline. */
  readonly runs: number;
  /** What half of the recent runs stay under, as a share of the budget. */
  readonly usedP50: number;
  /** What 19 of 20 of the recent runs stay under, as a share of the budget. */
  readonly usedP95: number;
  /** By how many milliseconds it grows from run to run; absent unless that is more than noise. */
  readonly growthMs?: number;
  /** In how many runs the typical run exceeds the budget, if it goes on like this; absent when it does not grow. */
  readonly runsUntilBreak?: number;
  readonly severity: BudgetSeverity;
  /** All of this for people, in one sentence. */
  readonly message: string;
  /** Categories that should run elsewhere. */
  readonly moves: readonly BudgetMove[];
  /** At most ten categories that take most, the largest first. */
  readonly topCategories: readonly BudgetEater[];
  /** At most ten tests that take most, the largest first. */
  readonly topTests: readonly BudgetEater[];
}

const fewestRuns = 5;
const recentRuns = 20;
/** A trend needs a longer look than a level. */
const trendRuns = 30;
const horizonRuns = 50;
const nearShare = 0.9;

/**
 * How layers stand with their budgets, in the order in which they come, which is that of the run; those without a budget are
 * left out. Runs that failed, were cancelled or never came to their work say nothing about how long the work takes.
 */
export function budgetTrends(layers: readonly LayerHistory[]): BudgetTrend[] {
  return layers.flatMap((layer) => {
    const budgetMs = layer.runs.at(-1)?.budgetMs;
    const durations = durationsOf(layer);
    if (budgetMs === undefined || !Number.isFinite(budgetMs) || budgetMs <= 0 || durations.length === 0) return [];
    return [trendOf(layer, { budgetMs, durations, layers })];
  });
}

/** What of a layer's past says how long it takes. */
function durationsOf({ runs }: LayerHistory): number[] {
  return runs
    .filter(({ outcome }) => outcome === "passed" || outcome === "timed-out")
    .map(({ durationMs }) => durationMs);
}

interface Past {
  readonly budgetMs: number;
  readonly durations: readonly number[];
  readonly layers: readonly LayerHistory[];
}

function trendOf(layer: LayerHistory, { budgetMs, durations, layers }: Past): BudgetTrend {
  const recent = durations.slice(-recentRuns).toSorted((left, right) => left - right);
  const usedP50 = quantile(recent, 0.5) / budgetMs;
  const usedP95 = quantile(recent, 0.95) / budgetMs;
  const isEnough = durations.length >= fewestRuns;
  const line = isEnough ? trendLine(durations.slice(-trendRuns)) : undefined;
  const growth = line?.isRising
    ? { growthMs: line.slope, runsUntilBreak: Math.max(0, Math.ceil((budgetMs - line.last) / line.slope)) }
    : {};
  const severity = isEnough ? severityOf({ usedP50, usedP95, ...growth }) : "ok";
  const facts = { layerId: layer.layerId, budgetMs, runs: recent.length, usedP50, usedP95, ...growth, severity };
  return {
    ...facts,
    message: messageOf(facts),
    moves: isEnough ? suggestMoves(layer, { budgetMs, isTight: severity !== "ok", layers }) : [],
    ...eatersOf(layer, budgetMs),
  };
}

type Facts = Pick<
  BudgetTrend,
  "layerId" | "budgetMs" | "runs" | "usedP50" | "usedP95" | "growthMs" | "runsUntilBreak" | "severity"
>;

function severityOf({
  usedP50,
  usedP95,
  runsUntilBreak = Number.POSITIVE_INFINITY,
}: Pick<Facts, "usedP50" | "usedP95" | "runsUntilBreak">): BudgetSeverity {
  if (usedP50 > 1) return "breaks";
  if (runsUntilBreak <= horizonRuns) return "will-break";
  return usedP95 >= nearShare ? "near" : "ok";
}

function messageOf({ layerId, budgetMs, runs, usedP50, usedP95, growthMs, runsUntilBreak, severity }: Facts): string {
  const part = (share: number): string => `${Math.round(share * 100)} % (${formatDuration(share * budgetMs)})`;
  const used = `${layerId} takes ${part(usedP50)} of its ${formatDuration(budgetMs)}, 1 run in 20 ${part(usedP95)} or more`;
  const rest = runs < fewestRuns ? `: too few runs to say more (${runs} of ${fewestRuns})` : ` (${runs} runs)`;
  if (severity === "breaks") return `${used}${rest}: it exceeds its budget`;
  if (growthMs === undefined || runsUntilBreak === undefined) return `${used}${rest}`;
  const when =
    runsUntilBreak === 0 ? "now" : runsUntilBreak === 1 ? "in the next run" : `in about ${runsUntilBreak} runs`;
  return `${used}${rest}, and ${formatDuration(growthMs)} more with every run: it breaks ${when}`;
}
