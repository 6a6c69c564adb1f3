import type { EdgeRows } from "./edge-rows.ts";

/**
 * Indexes in an order in which each comes after all that it needs: Kahn's algorithm with the order itself as its queue,
 * so the nodes that need nothing come first. Without nodes that are on a cycle or come after one.
 */
export function topologicalOrder(needs: EdgeRows, dependents: EdgeRows): Int32Array {
  const { starts, targets } = dependents;
  const size = needs.starts.length - 1;
  const left = new Int32Array(size);
  const order = new Int32Array(size);
  let filled = 0;
  for (let index = 0; index < size; index += 1) {
    const count = (needs.starts[index + 1] as number) - (needs.starts[index] as number);
    left[index] = count;
    if (count === 0) order[filled++] = index;
  }
  for (let done = 0; done < filled; done += 1) {
    const index = order[done] as number;
    const end = starts[index + 1] as number;
    for (let edge = starts[index] as number; edge < end; edge += 1) {
      const dependent = targets[edge] as number;
      const remaining = (left[dependent] as number) - 1;
      left[dependent] = remaining;
      if (remaining === 0) order[filled++] = dependent;
    }
  }
  return order.subarray(0, filled);
}
