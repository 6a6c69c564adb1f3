import type { Dag } from "./dag.ts";

/**
 * For each node, by index, the weight of the heaviest path from it to an end, its own weight included: what is still to
 * come after it starts. Nodes with more to come should start first.
 */
export function remainingPathWeights(dag: Dag, weightOf: (index: number) => number): Float64Array {
  const weights = new Float64Array(dag.size);
  for (let position = dag.order.length - 1; position >= 0; position -= 1) {
    const index = dag.order[position] as number;
    let longest = 0;
    for (const dependent of dag.dependentsOf(index)) longest = Math.max(longest, weights[dependent] as number);
    weights[index] = longest + weightOf(index);
  }
  return weights;
}
