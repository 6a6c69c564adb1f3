import { describe, expect, it } from "vitest";
import { criticalPath } from "../../src/dag/critical-path.ts";
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

  it("lists each problem once and finds a cycle that runs through a duplicate", () => {
    const entries = [entry("a", "ghost", "ghost"), entry("b", "a"), entry("a", "b", "ghost"), entry("a")];
    expect(problemsOf(entries)).toEqual({
      duplicates: ["a"],
      unknown: [{ id: "a", needs: "ghost" }],
      cycle: ["a", "b", "a"],
    });
  });

  it("takes entries from any iterable, once", () => {
    const entries = [entry("a"), entry("b", "a")].values();
    expect(Dag.build(entries).ids).toEqual(["a", "b"]);
  });

  it("names an id or an index that it does not have", () => {
    const dag = Dag.build([entry("a")]);
    expect(() => dag.indexOf("b")).toThrow(new RangeError("no node b"));
    expect(() => dag.idAt(1)).toThrow(new RangeError("no node at 1"));
    expect(() => dag.withPrerequisites(["a", "b"])).toThrow(new RangeError("no node b"));
    expect(() => dag.withDependents(["b"])).toThrow(new RangeError("no node b"));
  });

  it("selects nodes with all that they need, or with all that need them, in topological order", () => {
    const dag = Dag.build([entry("report", "e2e", "unit"), entry("e2e", "deploy"), entry("deploy"), entry("unit")]);
    expect(dag.withPrerequisites(["e2e"])).toEqual(["deploy", "e2e"]);
    expect(dag.withPrerequisites(["report"])).toEqual(["deploy", "unit", "e2e", "report"]);
    expect(dag.withDependents(["unit", "e2e"])).toEqual(["unit", "e2e", "report"]);
  });

  it("holds a chain of 200,000 nodes without recursion, and finds the cycle that closes it", () => {
    const ids = Array.from({ length: 200_000 }, (_, index) => `n${index}`);
    const chain = ids.map((id, index) => entry(id, ...ids.slice(Math.max(0, index - 1), index)));
    const dag = Dag.build(chain);
    expect(dag.order).toHaveLength(200_000);
    expect(dag.withPrerequisites(["n199999"])).toHaveLength(200_000);
    expect(dag.withDependents(["n0"])).toHaveLength(200_000);
    expect(criticalPath(dag, () => 1)).toEqual({ path: ids, weight: 200_000 });
    const closed = [entry("n0", "n199999"), ...chain.slice(1)];
    expect(problemsOf(closed).cycle).toHaveLength(200_001);
  });

  it("finds the smaller of two rings with a chain of 100,000 between them without walking the chain again and again", () => {
    const ring = (name: string, size: number, ...needs: string[]): DagEntry[] =>
      Array.from({ length: size }, (_, index) =>
        entry(`${name}${index}`, `${name}${(index + 1) % size}`, ...(index === 0 ? needs : [])),
      );
    const chain = Array.from({ length: 100_000 }, (_, index) =>
      entry(`c${index}`, index === 0 ? "far0" : `c${index - 1}`),
    );
    const entries = [...chain.toReversed(), ...ring("far", 1_000), ...ring("near", 999, "c99999")];
    expect(problemsOf(entries).cycle).toEqual([
      "near0",
      ...Array.from({ length: 999 }, (_, back) => `near${998 - back}`),
    ]);
  });

  it("weighs the heaviest path from each node to an end", () => {
    const dag = Dag.build([entry("a"), entry("b", "a"), entry("c", "a"), entry("d", "b", "c")]);
    const weights: Record<string, number> = { a: 1, b: 5, c: 2, d: 1 };
    expect([...remainingPathWeights(dag, (index) => weights[dag.idAt(index)] ?? 0)]).toEqual([7, 6, 3, 1]);
  });
});
