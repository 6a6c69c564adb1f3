import type { Dag } from "./dag.ts";
import { remainingPathWeights } from "./longest-path.ts";

/** The heaviest path through a graph: no run can be shorter, however much runs at a time. */
export interface CriticalPath<Id extends string = string> {
  /** From a node that needs nothing to one that nothing needs; empty for an empty graph. */
  readonly path: readonly Id[];
  /** The sum of the weights on the path, in their unit. */
  readonly weight: number;
}

/** The critical path; of several that weigh the same, the one that comes first in the graph's order. Weights are not negative. */
export function criticalPath<Id extends string>(dag: Dag<Id>, weightOf: (index: number) => number): CriticalPath<Id> {
  const { starts, targets } = dag.dependents;
  const remaining = remainingPathWeights(dag, weightOf);
  let index = heaviest(dag.order, 0, rootCount(dag), remaining);
  const weight = remaining[index] ?? 0;
  const path: Id[] = [];
  while (index >= 0) {
    path.push(dag.idAt(index));
    index = heaviest(targets, starts[index] as number, starts[index + 1] as number, remaining);
  }
  return { path, weight };
}

/** How many nodes need nothing: the order starts with them, and with weights that are not negative nothing outweighs them. */
function rootCount({ order, needs }: Pick<Dag, "order" | "needs">): number {
  let count = 0;
  for (const size = order.length; count < size; count += 1) {
    const index = order[count] as number;
    if (needs.starts[index + 1] !== needs.starts[index]) break;
  }
  return count;
}

/** The first of these indexes that has the greatest weight; -1 when there are none. */
function heaviest(indexes: ArrayLike<number>, start: number, end: number, weights: Float64Array): number {
  let best = -1;
  for (let position = start; position < end; position += 1) {
    const index = indexes[position] as number;
    if (best < 0 || (weights[index] as number) > (weights[best] as number)) best = index;
  }
  return best;
}
