import { DagError } from "./dag-error.ts";
import { shortestCycle } from "./find-cycle.ts";

/** A node as it is written: its id and the ids that must come before it. */
export interface DagEntry<Id extends string = string> {
  readonly id: Id;
  readonly needs: readonly Id[];
}

/**
 * An immutable directed acyclic graph. Integers inside, names outside: ids are interned once, edges live in typed arrays
 * (compressed sparse rows), and nothing recurses, so a million nodes are fine. Building is O(V + E).
 */
export class Dag<Id extends string = string> {
  /** Ids by index, in the order in which the entries came. */
  readonly ids: readonly Id[];
  /** Indexes in an order in which each comes after all that it needs; entries keep their order where they can. */
  readonly order: Int32Array;
  readonly #indexes: ReadonlyMap<Id, number>;
  readonly #needCounts: Int32Array;
  readonly #offsets: Int32Array;
  readonly #dependents: Int32Array;

  /** Throws `DagError` with all duplicate ids, all unknown needs, and the shortest cycle, at once. */
  static build<Id extends string>(entries: Iterable<DagEntry<Id>>): Dag<Id> {
    return new Dag([...entries]);
  }

  private constructor(entries: readonly DagEntry<Id>[]) {
    const indexes = new Map<Id, number>();
    const duplicates: Id[] = [];
    for (const [index, { id }] of entries.entries()) {
      if (indexes.has(id)) duplicates.push(id);
      else indexes.set(id, index);
    }
    const unknown: { id: Id; needs: Id }[] = [];
    let edgeCount = 0;
    for (const entry of entries) edgeCount += entry.needs.length;
    const from = new Int32Array(edgeCount);
    const to = new Int32Array(edgeCount);
    const needCounts = new Int32Array(entries.length);
    const offsets = new Int32Array(entries.length + 1);
    let edges = 0;
    for (const [index, entry] of entries.entries()) {
      for (const need of entry.needs) {
        const source = indexes.get(need);
        if (source === undefined) {
          unknown.push({ id: entry.id, needs: need });
          continue;
        }
        from[edges] = source;
        to[edges] = index;
        edges += 1;
        needCounts[index] = (needCounts[index] ?? 0) + 1;
        offsets[source + 1] = (offsets[source + 1] ?? 0) + 1;
      }
    }
    for (let index = 0; index < entries.length; index += 1)
      offsets[index + 1] = at(offsets, index + 1) + at(offsets, index);
    const next = offsets.slice(0, entries.length);
    const dependents = new Int32Array(edges);
    for (let edge = 0; edge < edges; edge += 1) {
      const source = at(from, edge);
      const slot = at(next, source);
      dependents[slot] = at(to, edge);
      next[source] = slot + 1;
    }

    this.ids = entries.map((entry) => entry.id);
    this.#indexes = indexes;
    this.#needCounts = needCounts;
    this.#offsets = offsets;
    this.#dependents = dependents;
    this.order = this.#sort();
    const cycle =
      this.order.length < entries.length
        ? shortestCycle(entries.length, (index) => this.dependentsOf(index), this.order).map((index) =>
            this.idAt(index),
          )
        : undefined;
    if (duplicates.length > 0 || unknown.length > 0 || cycle) throw new DagError({ duplicates, unknown, cycle });
  }

  get size(): number {
    return this.ids.length;
  }

  /** Index of an id; throws `RangeError` for one that is not in the graph. */
  indexOf(id: Id): number {
    const index = this.#indexes.get(id);
    if (index === undefined) throw new RangeError(`no node ${id}`);
    return index;
  }

  idAt(index: number): Id {
    const id = this.ids[index];
    if (id === undefined) throw new RangeError(`no node at ${index}`);
    return id;
  }

  /** Indexes of the nodes that need this one. A view, not a copy. */
  dependentsOf(index: number): Int32Array {
    return this.#dependents.subarray(at(this.#offsets, index), at(this.#offsets, index + 1));
  }

  /** How many nodes each node needs, by index; a fresh copy to count down. */
  needCounts(): Int32Array {
    return this.#needCounts.slice();
  }

  /** Kahn's algorithm; shorter than the graph when there is a cycle. */
  #sort(): Int32Array {
    const left = this.#needCounts.slice();
    const order = new Int32Array(left.length);
    let filled = 0;
    for (let index = 0; index < left.length; index += 1) {
      if (left[index] === 0) order[filled++] = index;
    }
    for (let done = 0; done < filled; done += 1) {
      for (const dependent of this.dependentsOf(at(order, done))) {
        const remaining = at(left, dependent) - 1;
        left[dependent] = remaining;
        if (remaining === 0) order[filled++] = dependent;
      }
    }
    return order.subarray(0, filled);
  }
}

/** Reads an element that is there by construction. */
function at(array: Int32Array, index: number): number {
  return array[index] as number;
}
