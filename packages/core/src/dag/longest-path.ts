import type { Dag } from "./dag.ts";

/**
 * For each node, by index, the weight of the heaviest path from it to an end, its own weight included: what is still to
 * come after it starts. Nodes with more to come should start first. Weights are not negative.
 */
export function remainingPathWeights<Id extends string>(
  dag: Dag<Id>,
  weightOf: (index: number) => number,
): Float64Array {
  const { order } = dag;
  const { starts, targets } = dag.dependents;
  const weights = new Float64Array(order.length);
  for (let position = order.length - 1; position >= 0; position -= 1) {
    const index = order[position] as number;
    const end = starts[index + 1] as number;
    let longest = 0;
    for (let edge = starts[index] as number; edge < end; edge += 1) {
      const weight = weights[targets[edge] as number] as number;
      if (weight > longest) longest = weight;
    }
    weights[index] = longest + weightOf(index);
  }
  return weights;
}
