import type { EdgeRows, IndexList } from "./edge-rows.ts";
import { strongComponents } from "./strong-components.ts";

/** Edges that the searches may walk: some tenths of a second. Nothing but a huge tangle without any short cycle gets there. */
const edgeBudget = 20_000_000;

/**
 * The shortest cycle of a graph, along its edges, as a path that starts with its lowest index and ends where it starts;
 * empty when there is none. `ordered` are the nodes that a topological sort could order: the cycles are among the others.
 *
 * Breadth-first searches, each no deeper than what would still be shorter than the best cycle so far, within one strongly
 * connected component, and only from nodes with a choice: every cycle has one, unless it is a component by itself.
 * When {@link edgeBudget} is spent, the shortest cycle so far is taken.
 */
export function shortestCycle(edges: EdgeRows, ordered: IndexList): number[] {
  const search = new CycleSearch(edges, ordered);
  let best: number[] = [];
  for (const start of search.starts()) {
    best = search.from(start, best.length > 0 ? best.length - 1 : Infinity) ?? best;
    // A node that needs itself cannot be undercut.
    if (best.length === 2 || (best.length > 0 && search.walked > edgeBudget)) break;
  }
  return fromLowest(best);
}

class CycleSearch {
  /** Edges walked so far. */
  walked = 0;
  readonly #edges: EdgeRows;
  readonly #component: Int32Array;
  readonly #parent: Int32Array;
  readonly #queue: Int32Array;
  /** By node: one more than the start of the last search that saw it. */
  readonly #seenFrom: Int32Array;
  /** Nodes whose cycles are all known. */
  readonly #isDone: Uint8Array;

  constructor(edges: EdgeRows, ordered: IndexList) {
    const size = edges.starts.length - 1;
    const isOrdered = new Uint8Array(size);
    for (const index of ordered) isOrdered[index] = 1;
    this.#edges = edges;
    this.#component = strongComponents(edges, isOrdered);
    this.#parent = new Int32Array(size);
    this.#queue = new Int32Array(size);
    this.#seenFrom = new Int32Array(size);
    this.#isDone = new Uint8Array(size);
  }

  /** Nodes with more than one edge inside of their component, and one node of each component that is a mere ring. */
  starts(): number[] {
    const size = this.#component.length;
    const fanOut = new Int32Array(size);
    const isCovered = new Uint8Array(size + 1);
    for (let node = 0; node < size; node += 1) {
      const inside = this.#fanOutOf(node);
      fanOut[node] = inside;
      if (inside > 1) isCovered[this.#component[node] as number] = 1;
    }
    const starts: number[] = [];
    for (let node = 0; node < size; node += 1) {
      const component = this.#component[node] as number;
      if (fanOut[node] === 0 || (fanOut[node] === 1 && isCovered[component] === 1)) continue;
      isCovered[component] = 1;
      starts.push(node);
    }
    return starts;
  }

  #fanOutOf(node: number): number {
    const component = this.#component[node] as number;
    // Nodes that were ordered are in no component.
    if (component === 0) return 0;
    const { starts, targets } = this.#edges;
    const end = starts[node + 1] as number;
    let inside = 0;
    for (let edge = starts[node] as number; edge < end; edge += 1) {
      if (this.#component[targets[edge] as number] === component) inside += 1;
    }
    return inside;
  }

  /** The shortest cycle through a node of which no node is done, as a path, if it has fewer edges than `limit`. */
  from(start: number, limit: number): number[] | undefined {
    const { starts, targets } = this.#edges;
    const component = this.#component[start] as number;
    const queue = this.#queue;
    let found = 1;
    queue[0] = start;
    this.#seenFrom[start] = start + 1;
    this.#isDone[start] = 1;
    // One round per distance: an edge back from nodes at distance d closes a cycle of d + 1 edges.
    for (let head = 0, length = 1; head < found && length < limit; length += 1) {
      for (const roundEnd = found; head < roundEnd; head += 1) {
        const node = queue[head] as number;
        const end = starts[node + 1] as number;
        for (let edge = starts[node] as number; edge < end; edge += 1) {
          this.walked += 1;
          const next = targets[edge] as number;
          if (next === start) return this.#pathTo(node, start);
          if (this.#component[next] !== component || this.#isDone[next] === 1) continue;
          if (this.#seenFrom[next] === start + 1) continue;
          this.#seenFrom[next] = start + 1;
          this.#parent[next] = node;
          queue[found++] = next;
        }
      }
    }
    return undefined;
  }

  #pathTo(last: number, start: number): number[] {
    const path = [start];
    for (let node = last; node !== start; node = this.#parent[node] as number) path.push(node);
    path.push(start);
    return path.reverse();
  }
}

/** The same cycle from its lowest index on, so that a report does not depend on where the search began. */
function fromLowest(cycle: readonly number[]): number[] {
  if (cycle.length === 0) return [];
  let lowest = 0;
  for (let position = 1; position < cycle.length; position += 1) {
    if ((cycle[position] as number) < (cycle[lowest] as number)) lowest = position;
  }
  return [...cycle.slice(lowest, -1), ...cycle.slice(0, lowest), cycle[lowest] as number];
}
