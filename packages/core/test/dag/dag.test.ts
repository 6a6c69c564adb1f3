import { describe, expect, it } from "vitest";
import { Dag, type DagEntry } from "../../src/dag/dag.ts";
import { DagError } from "../../src/dag/dag-error.ts";
import { remainingPathWeights } from "../../src/dag/longest-path.ts";

const entry = (id: string, ...needs: string[]): DagEntry => ({ id, needs });

function problemsOf(entries: readonly DagEntry[]): DagError["problems"] {
  try {
    Dag.build(entries);
  } catch (error) {
    if (error instanceof DagError) return error.problems;
    throw error;
  }
  throw new Error("expected a DagError");
}

describe("a dag", () => {
  it("orders every node after all that it needs", () => {
    const dag = Dag.build([entry("c", "a", "b"), entry("b", "a"), entry("a"), entry("d")]);
    expect([...dag.order].map((index) => dag.idAt(index))).toEqual(["a", "d", "b", "c"]);
  });

  it("knows what depends on a node and how many nodes it needs", () => {
    const dag = Dag.build([entry("a"), entry("b", "a"), entry("c", "a", "b")]);
    expect([...dag.dependentsOf(dag.indexOf("a"))].map((index) => dag.idAt(index))).toEqual(["b", "c"]);
    expect([...dag.needCounts()]).toEqual([0, 1, 2]);
  });

  it("reports duplicates, unknown needs and a cycle all at once", () => {
    expect(problemsOf([entry("a", "ghost"), entry("a"), entry("b", "c"), entry("c", "b")])).toEqual({
      duplicates: ["a"],
      unknown: [{ id: "a", needs: "ghost" }],
      cycle: ["b", "c", "b"],
    });
  });

  it("reports the shortest cycle of a tangle as a path", () => {
    const tangle = [entry("a", "d"), entry("b", "a"), entry("c", "b"), entry("d", "c", "e"), entry("e", "d")];
    expect(problemsOf(tangle).cycle).toEqual(["d", "e", "d"]);
  });

  it("reports a node that needs itself", () => {
    expect(problemsOf([entry("a", "a")]).cycle).toEqual(["a", "a"]);
  });

  it("holds a chain of 200,000 nodes without recursion, and finds the cycle that closes it", () => {
    const chain = Array.from({ length: 200_000 }, (_, index) =>
      entry(`n${index}`, ...(index > 0 ? [`n${index - 1}`] : [])),
    );
    expect(Dag.build(chain).order).toHaveLength(200_000);
    const closed = [entry("n0", "n199999"), ...chain.slice(1)];
    expect(problemsOf(closed).cycle).toHaveLength(200_001);
  });

  it("weighs the heaviest path from each node to an end", () => {
    const dag = Dag.build([entry("a"), entry("b", "a"), entry("c", "a"), entry("d", "b", "c")]);
    const weights: Record<string, number> = { a: 1, b: 5, c: 2, d: 1 };
    expect([...remainingPathWeights(dag, (index) => weights[dag.idAt(index)] ?? 0)]).toEqual([7, 6, 3, 1]);
  });
});
