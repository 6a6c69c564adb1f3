/** Starts that are searched before the best cycle so far is taken: keeps a huge tangle from costing V × E. */
const maxStarts = 2_000;

/**
 * The shortest cycle among the nodes that a topological sort could not order, as a path that ends where it starts:
 * a breadth-first search from each of them (from the first {@link maxStarts} in a larger tangle).
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
  let starts = 0;
  for (let start = 0; start < size; start += 1) {
    if (isOrdered[start] === 1) continue;
    if (best.length > 0 && (starts >= maxStarts || best.length <= 2)) break;
    starts += 1;
    const found = cycleThrough(start, dependentsOf, isOrdered, parent, seenIn);
    if (found && (best.length === 0 || found.length < best.length)) best = found;
  }
  return best;
}

function cycleThrough(
  start: number,
  dependentsOf: (index: number) => Iterable<number>,
  isOrdered: Uint8Array,
  parent: Int32Array,
  seenIn: Int32Array,
): number[] | undefined {
  const queue = [start];
  seenIn[start] = start;
  for (let head = 0; head < queue.length; head += 1) {
    const node = queue[head] as number;
    for (const next of dependentsOf(node)) {
      if (next === start) return pathBack(start, node, parent);
      if (isOrdered[next] === 1 || seenIn[next] === start) continue;
      seenIn[next] = start;
      parent[next] = node;
      queue.push(next);
    }
  }
  return undefined;
}

function pathBack(start: number, last: number, parent: Int32Array): number[] {
  const path = [start];
  for (let node = last; node !== start; node = parent[node] as number) path.push(node);
  path.push(start);
  return path.reverse();
}
