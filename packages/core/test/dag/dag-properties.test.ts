import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Dag, type DagEntry } from "../../src/dag/dag.ts";
import { DagError, type DagProblems } from "../../src/dag/dag-error.ts";
import { NaiveGraph, pair } from "./naive-graph.ts";
import { acyclicEntries, anyEntries, tangledEntries } from "./random-graph.ts";

function problemsOf(entries: readonly DagEntry[]): DagProblems | undefined {
  try {
    Dag.build(entries);
    return undefined;
  } catch (error) {
    if (error instanceof DagError) return error.problems;
    throw error;
  }
}

/** How many edges a cycle has; throws for a path that is not a cycle. */
function lengthOf(cycle: readonly string[] | undefined, { needs }: NaiveGraph): number | undefined {
  if (!cycle) return undefined;
  const isCycle =
    cycle.at(-1) === cycle[0] && cycle.slice(1).every((id, position) => needs.get(id)?.has(cycle[position] as string));
  if (!isCycle) throw new Error(`not a cycle: ${cycle.join(" → ")}`);
  return cycle.length - 1;
}

const someOf = (entries: readonly DagEntry[]) => fc.subarray(entries.map(({ id }) => id));

describe("any graph", () => {
  it("is refused with every problem that it has, and only then", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const naive = new NaiveGraph(entries);
        const problems = problemsOf(entries);
        const isFine = naive.duplicates.size === 0 && naive.unknown.size === 0 && naive.girth === undefined;
        expect(problems === undefined).toBe(isFine);
        expect(problems?.duplicates.toSorted() ?? []).toEqual([...naive.duplicates].toSorted());
        const unknown = problems?.unknown.map(({ id, needs }) => pair(id, needs)) ?? [];
        expect(unknown.toSorted()).toEqual([...naive.unknown].toSorted());
        expect(lengthOf(problems?.cycle, naive)).toBe(naive.girth);
      }),
      { numRuns: 500 },
    );
  });

  it("with cycles is refused with a shortest one", () => {
    fc.assert(
      fc.property(tangledEntries, (entries) => {
        const naive = new NaiveGraph(entries);
        expect(lengthOf(problemsOf(entries)?.cycle, naive)).toBe(naive.girth);
      }),
      { numRuns: 500 },
    );
  });
});

describe("any acyclic graph", () => {
  it("is ordered whole, each node after all that it needs", () => {
    fc.assert(
      fc.property(acyclicEntries, (entries) => {
        const dag = Dag.build(entries);
        const order = Array.from(dag.order, (index) => dag.idAt(index));
        expect(order.toSorted()).toEqual(entries.map(({ id }) => id).toSorted());
        for (const { id, needs } of entries) {
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
        }
      }),
    );
  });

  it("is the same graph from either end", () => {
    fc.assert(
      fc.property(acyclicEntries, (entries) => {
        const dag = Dag.build(entries);
        const named = (list: Iterable<number>): string[] => Array.from(list, (index) => dag.idAt(index));
        const needing = (id: string): string[] =>
          entries.flatMap((entry) => entry.needs.filter((need) => need === id).map(() => entry.id));
        for (const [index, { id, needs }] of entries.entries()) {
          expect(dag.indexOf(id)).toBe(index);
          expect(named(dag.needsOf(index))).toEqual(needs);
          expect(named(dag.dependentsOf(index))).toEqual(needing(id));
          expect(dag.needCounts()[index]).toBe(needs.length);
        }
      }),
    );
  });

  it("gives up what any nodes need, and what needs them, in topological order", () => {
    const entriesAndSome = acyclicEntries.chain((entries) => fc.tuple(fc.constant(entries), someOf(entries)));
    fc.assert(
      fc.property(entriesAndSome, ([entries, some]) => {
        const dag = Dag.build(entries);
        const naive = new NaiveGraph(entries);
        const inOrder = (ids: ReadonlySet<string>): string[] =>
          Array.from(dag.order, (index) => dag.idAt(index)).filter((id) => ids.has(id));
        expect(dag.withPrerequisites(some)).toEqual(inOrder(naive.withPrerequisites(some)));
        expect(dag.withDependents(some)).toEqual(inOrder(naive.withDependents(some)));
      }),
    );
  });
});
