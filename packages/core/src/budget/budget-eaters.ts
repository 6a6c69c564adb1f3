import { quantile } from "../plan/estimate/quantile.ts";
import type { LayerHistory } from "./layer-history.ts";

/** What takes a part of a layer's budget. */
export interface BudgetEater {
  readonly category: string;
  /** Absent for a whole category. */
  readonly test?: string;
  /** Its typical (p50) time, in milliseconds. */
  readonly durationMs: number;
  /** That as a share of the layer's budget. */
  readonly share: number;
}

const most = 10;
const recentRuns = 20;

/** The categories and the tests that take most of a layer's budget, the largest first. */
export function eatersOf(
  { categories, tests = [] }: LayerHistory,
  budgetMs: number,
): { readonly topCategories: readonly BudgetEater[]; readonly topTests: readonly BudgetEater[] } {
  return {
    topCategories: largest(
      [...categories].map(([category, durationsMs]) => ({ category, durationsMs })),
      budgetMs,
    ),
    topTests: largest(tests, budgetMs),
  };
}

interface Past {
  readonly category: string;
  readonly test?: string;
  readonly durationsMs: readonly number[];
}

function largest(pasts: readonly Past[], budgetMs: number): BudgetEater[] {
  return pasts
    .flatMap(({ durationsMs, ...what }): BudgetEater[] => {
      const durationMs = recentQuantile(durationsMs, 0.5);
      return durationMs === undefined ? [] : [{ ...what, durationMs, share: durationMs / budgetMs }];
    })
    .toSorted((left, right) => right.durationMs - left.durationMs)
    .slice(0, most);
}

/** A quantile of the recent durations; `undefined` where there are none. */
export function recentQuantile(durations: readonly number[], share: number): number | undefined {
  const recent = durations.slice(-recentRuns).toSorted((left, right) => left - right);
  return recent.length === 0 ? undefined : quantile(recent, share);
}
