import { type DagEntry, readEntries } from "./dag-entry.ts";
import { DagError } from "./dag-error.ts";
import { type EdgeRows, type IndexList, rowLengths, transpose } from "./edge-rows.ts";
import { shortestCycle } from "./find-cycle.ts";
import { topologicalOrder } from "./topological-order.ts";

export type { DagEntry } from "./dag-entry.ts";

/**
 * An immutable directed acyclic graph. Integers inside, names outside: names are looked up once, edges live in typed
 * arrays, and nothing recurses, so a million nodes are fine. Building is O(V + E).
 */
export class Dag<Id extends string = string> {
  /** Ids by index, in the order in which the entries came. */
  readonly ids: readonly Id[];
  /** Indexes in an order in which each comes after all that it needs; entries keep their order where they can. */
  readonly order: IndexList;
  /** All edges, from each node to those that it needs. */
  readonly needs: EdgeRows;
  /** All edges, from each node to those that need it. */
  readonly dependents: EdgeRows;
  readonly #indexes: ReadonlyMap<Id, number>;

  /** Throws `DagError` with all duplicate ids, all unknown needs, and the shortest cycle, at once. */
  static build<Id extends string>(entries: Iterable<DagEntry<Id>>): Dag<Id> {
    return new Dag(isList(entries) ? entries : [...entries]);
  }

  private constructor(entries: readonly DagEntry<Id>[]) {
    const { ids, indexes, needs, duplicates, unknown } = readEntries(entries);
    this.ids = ids;
    this.#indexes = indexes;
    this.needs = needs;
    this.dependents = transpose(needs);
    this.order = topologicalOrder(this.needs, this.dependents);
    const cycle =
      this.order.length < ids.length
        ? shortestCycle(this.dependents, this.order).map((index) => this.idAt(index))
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

  /** Id at an index; throws `RangeError` for an index that no node has. */
  idAt(index: number): Id {
    const id = this.ids[index];
    if (id === undefined) throw new RangeError(`no node at ${index}`);
    return id;
  }

  /** Indexes of the nodes that this one needs, in the order in which it names them. */
  needsOf(index: number): IndexList {
    return row(this.needs, index);
  }

  /** Indexes of the nodes that need this one, ascending. */
  dependentsOf(index: number): IndexList {
    return row(this.dependents, index);
  }

  /** How many needs each node has, by index; a fresh copy to count down. A repeated need counts as often as it is there. */
  needCounts(): Int32Array {
    return rowLengths(this.needs);
  }

  /**
   * These nodes and all that they need, directly or not, in topological order: what has to run for them to run.
   * Throws `RangeError` for an id that is not in the graph.
   */
  withPrerequisites(ids: Iterable<Id>): Id[] {
    const { starts, targets } = this.needs;
    const isIn = this.#marked(ids);
    // Against the order each node is marked before its own needs are looked at, so one sweep is enough.
    for (let position = this.order.length - 1; position >= 0; position -= 1) {
      const index = this.order[position] as number;
      if (isIn[index] === 1) mark(isIn, targets, starts[index] as number, starts[index + 1] as number);
    }
    return this.#chosen(isIn);
  }

  /**
   * These nodes and all that need them, directly or not, in topological order: what a change in them reaches.
   * Throws `RangeError` for an id that is not in the graph.
   */
  withDependents(ids: Iterable<Id>): Id[] {
    const { starts, targets } = this.dependents;
    const isIn = this.#marked(ids);
    for (const index of this.order) {
      if (isIn[index] === 1) mark(isIn, targets, starts[index] as number, starts[index + 1] as number);
    }
    return this.#chosen(isIn);
  }

  #marked(ids: Iterable<Id>): Uint8Array {
    const isIn = new Uint8Array(this.size);
    for (const id of ids) isIn[this.indexOf(id)] = 1;
    return isIn;
  }

  #chosen(isIn: Uint8Array): Id[] {
    const chosen: Id[] = [];
    for (const index of this.order) if (isIn[index] === 1) chosen.push(this.ids[index] as Id);
    return chosen;
  }
}

function isList<Item>(items: Iterable<Item>): items is readonly Item[] {
  return Array.isArray(items);
}

function row({ starts, targets }: EdgeRows, index: number): IndexList {
  return targets.subarray(starts[index] ?? 0, starts[index + 1] ?? 0);
}

function mark(isIn: Uint8Array, targets: IndexList, start: number, end: number): void {
  for (let edge = start; edge < end; edge += 1) isIn[targets[edge] as number] = 1;
}
