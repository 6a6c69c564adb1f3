import type { DagEntry } from "../../src/dag/dag.ts";

/** The same questions that a Dag answers, answered in the plainest way there is; for small graphs. */
export class NaiveGraph {
  /** By id; entries of one id are taken together, needs that do not exist are left out. */
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>;
  readonly duplicates: ReadonlySet<string>;
  /** Pairs of an id and a need that does not exist. */
  readonly unknown: ReadonlySet<string>;

  constructor(entries: readonly DagEntry[]) {
    const ids = entries.map(({ id }) => id);
    const all = entries.flatMap(({ id, needs }) => needs.map((need) => ({ id, need })));
    this.duplicates = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
    this.unknown = new Set(all.filter(({ need }) => !ids.includes(need)).map(({ id, need }) => pair(id, need)));
    this.needs = new Map(
      ids.map((id) => [
        id,
        new Set(all.filter((edge) => edge.id === id && ids.includes(edge.need)).map((edge) => edge.need)),
      ]),
    );
  }

  /** How many edges the shortest cycle has: the fewest steps after which some node is back where it started. */
  get girth(): number | undefined {
    let ends = new Map([...this.needs.keys()].map((id) => [id, new Set([id])]));
    for (let steps = 1; steps <= this.needs.size; steps += 1) {
      ends = new Map([...ends].map(([id, at]) => [id, new Set([...at].flatMap((end) => [...this.#needsOf(end)]))]));
      if ([...ends].some(([id, at]) => at.has(id))) return steps;
    }
    return undefined;
  }

  withPrerequisites(ids: readonly string[]): Set<string> {
    return new Set(ids.flatMap((id) => [id, ...this.withPrerequisites([...this.#needsOf(id)])]));
  }

  withDependents(ids: readonly string[]): Set<string> {
    return new Set(ids.flatMap((id) => [id, ...this.withDependents(this.#dependentsOf(id))]));
  }

  /** The weight of the heaviest of all paths that start at a node. */
  remainingWeight(id: string, weightOf: (id: string) => number): number {
    return weightOf(id) + Math.max(0, ...this.#dependentsOf(id).map((next) => this.remainingWeight(next, weightOf)));
  }

  #needsOf(id: string): ReadonlySet<string> {
    return this.needs.get(id) ?? new Set();
  }

  #dependentsOf(id: string): string[] {
    return [...this.needs.keys()].filter((other) => this.#needsOf(other).has(id));
  }
}

/** One text for an id and one of its needs. */
export function pair(id: string, need: string): string {
  return JSON.stringify([id, need]);
}
