/** Indexes of nodes in a typed array that only its maker writes. */
export interface IndexList extends Iterable<number> {
  readonly length: number;
  readonly [position: number]: number;
  /** A part of the same array, not a copy. */
  subarray(start: number, end: number): IndexList;
}

/**
 * Edges as compressed sparse rows: those of node `i` lead to `targets[starts[i]]` up to, and not including,
 * `targets[starts[i + 1]]`. `starts` has one element more than there are nodes. Loops over a whole graph read the two
 * arrays; a view per node would cost them more than their own work.
 */
export interface EdgeRows {
  readonly starts: IndexList;
  readonly targets: IndexList;
}

/** The same edges the other way round, each row in ascending order: a counting sort, O(V + E). */
export function transpose({ starts, targets }: EdgeRows): EdgeRows {
  const size = starts.length - 1;
  const edgeCount = targets.length;
  const turnedStarts = new Int32Array(size + 1);
  for (let edge = 0; edge < edgeCount; edge += 1) (turnedStarts[(targets[edge] as number) + 1] as number) += 1;
  for (let index = 0; index < size; index += 1) (turnedStarts[index + 1] as number) += turnedStarts[index] as number;

  const next = turnedStarts.slice(0, size);
  const turnedTargets = new Int32Array(edgeCount);
  for (let index = 0; index < size; index += 1) {
    const end = starts[index + 1] as number;
    for (let edge = starts[index] as number; edge < end; edge += 1) {
      const target = targets[edge] as number;
      const slot = next[target] as number;
      turnedTargets[slot] = index;
      next[target] = slot + 1;
    }
  }
  return { starts: turnedStarts, targets: turnedTargets };
}

/** How many edges each node has. */
export function rowLengths({ starts }: EdgeRows): Int32Array {
  const size = starts.length - 1;
  const counts = new Int32Array(size);
  for (let index = 0; index < size; index += 1)
    counts[index] = (starts[index + 1] as number) - (starts[index] as number);
  return counts;
}
