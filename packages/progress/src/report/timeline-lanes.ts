/** Something with a start and an end. */
interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Puts each interval into the first lane that is free at its start, so that none covers another; gives the lane of each, in
 * the order in which they came. The usual greedy partition, which needs as few lanes as ran side by side. What would need more than
 * `mostLanes` has the lane -1.
 */
export function assignLanes(intervals: readonly Interval[], mostLanes = Infinity): number[] {
  const lanes: number[] = Array.from({ length: intervals.length }, () => 0);
  const freeFromMs: number[] = [];
  const order = intervals.map((interval, index) => ({ ...interval, index })).sort((a, b) => a.startMs - b.startMs);
  for (const { startMs, endMs, index } of order) {
    const free = freeFromMs.findIndex((freeMs) => freeMs <= startMs);
    const lane = free === -1 && freeFromMs.length < mostLanes ? freeFromMs.length : free;
    if (lane !== -1) freeFromMs[lane] = endMs;
    lanes[index] = lane;
  }
  return lanes;
}
