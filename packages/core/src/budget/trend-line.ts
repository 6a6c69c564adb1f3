import { median } from "../plan/estimate/quantile.ts";

/** A line through values that come one after the other. */
export interface TrendLine {
  /** By how much the values change from one to the next. */
  readonly slope: number;
  /** What the line says of the last of them. */
  readonly last: number;
  /** Whether values without any trend would hardly ever (1 in 40) rise like this. */
  readonly isRising: boolean;
}

/** Below 1 in 40, one-sided. */
const significantZ = 1.96;

/**
 * The Theil–Sen line: its slope is the median of the slopes between all pairs, so that up to 29 % of outliers do not bend it
 * (Sen 1968). That it rises is decided by the Mann–Kendall test with its correction for ties (Kendall 1975). At least two values.
 */
export function trendLine(values: readonly number[]): TrendLine {
  const slopes: number[] = [];
  let concordance = 0;
  for (let right = 1; right < values.length; right += 1) {
    for (let left = 0; left < right; left += 1) {
      const rise = (values[right] as number) - (values[left] as number);
      slopes.push(rise / (right - left));
      concordance += Math.sign(rise);
    }
  }
  const slope = median(slopes);
  const start = median(values.map((value, index) => value - slope * index));
  const z = concordance <= 0 ? 0 : (concordance - 1) / Math.sqrt(concordanceVariance(values));
  return { slope, last: start + slope * (values.length - 1), isRising: slope > 0 && z >= significantZ };
}

function concordanceVariance(values: readonly number[]): number {
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const of = (count: number): number => count * (count - 1) * (2 * count + 5);
  let variance = of(values.length);
  for (const count of ties.values()) variance -= of(count);
  return variance / 18;
}
