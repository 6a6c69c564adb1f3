/** Nodes that the searches may visit together before the best cycle so far is taken: keeps a huge tangle from costing V × E. */
const visitBudget = 5_000_000;

/**
 * The shortest cycle among the nodes that a topological sort could not order, as a path that ends where it starts:
 * a breadth-first search from each of them, until {@link visitBudget} is spent in a larger tangle.
 */
export function shortestCycle(
  size: number,
  dependentsOf: (index: number) => Iterable<number>,
  ordered: Iterable<number>,
): number[] {
  const isOrdered = new Uint8Array(size);
  for (const index of ordered) isOrdered[index] = 1;
  let best: number[] = [];
  const parent = new Int32Array(size);
  const seenIn = new Int32Array(size).fill(-1);
  let visits = 0;
  for (let start = 0; start < size; start += 1) {
    if (isOrdered[start] === 1) continue;
    // A node that needs itself cannot be undercut.
    if (best.length === 2 || (best.length > 0 && visits > visitBudget)) break;
    const search = searchFrom(start, dependentsOf, isOrdered, parent, seenIn);
    visits += search.visits;
    if (search.cycle && (best.length === 0 || search.cycle.length < best.length)) best = search.cycle;
  }
  return best;
}

function searchFrom(
  start: number,
  dependentsOf: (index: number) => Iterable<number>,
  isOrdered: Uint8Array,
  parent: Int32Array,
  seenIn: Int32Array,
): { readonly cycle?: number[]; readonly visits: number } {
  const queue = [start];
  seenIn[start] = start;
  for (let head = 0; head < queue.length; head += 1) {
    const node = queue[head] as number;
    for (const next of dependentsOf(node)) {
      if (next === start) return { cycle: pathBack(start, node, parent), visits: queue.length };
      if (isOrdered[next] === 1 || seenIn[next] === start) continue;
      seenIn[next] = start;
      parent[next] = node;
      queue.push(next);
    }
  }
  return { visits: queue.length };
}

function pathBack(start: number, last: number, parent: Int32Array): number[] {
  const path = [start];
  for (let node = last; node !== start; node = parent[node] as number) path.push(node);
  path.push(start);
  return path.reverse();
}
