import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPath } from "../../src/dag/critical-path.ts";
import { Dag } from "../../src/dag/dag.ts";
import { remainingPathWeights } from "../../src/dag/longest-path.ts";
import { NaiveGraph } from "./naive-graph.ts";
import { acyclicEntries } from "./random-graph.ts";

describe("the critical path", () => {
  it("is the heaviest from a start to an end, not the longest", () => {
    const dag = Dag.build([
      { id: "e2e", needs: ["deploy"] },
      { id: "build", needs: [] },
      { id: "lint", needs: [] },
      { id: "deploy", needs: ["build", "lint"] },
      { id: "load", needs: ["build"] },
    ]);
    const minutes: Record<string, number> = { build: 3, lint: 1, deploy: 2, e2e: 4, load: 10 };
    const weightOf = (index: number): number => minutes[dag.idAt(index)] ?? 0;
    expect(criticalPath(dag, weightOf)).toEqual({ path: ["build", "load"], weight: 13 });
  });

  it("is empty in an empty graph", () => {
    expect(criticalPath(Dag.build([]), () => 1)).toEqual({ path: [], weight: 0 });
  });

  it("goes on to an end over nodes that weigh nothing, and takes the first of equals", () => {
    const dag = Dag.build([
      { id: "gate", needs: [] },
      { id: "left", needs: ["gate"] },
      { id: "right", needs: ["gate"] },
      { id: "end", needs: ["left", "right"] },
    ]);
    const weightOf = (index: number): number => (["left", "right"].includes(dag.idAt(index)) ? 5 : 0);
    expect(criticalPath(dag, weightOf)).toEqual({ path: ["gate", "left", "end"], weight: 5 });
  });

  it("is as heavy as the heaviest of all paths, and is one of them", () => {
    fc.assert(
      fc.property(acyclicEntries, fc.array(fc.nat(9), { minLength: 12, maxLength: 12 }), (entries, weights) => {
        const dag = Dag.build(entries);
        const naive = new NaiveGraph(entries);
        const weightOf = (index: number): number => weights[index] ?? 0;
        const remaining = dag.ids.map((id) => naive.remainingWeight(id, (each) => weightOf(dag.indexOf(each))));
        expect([...remainingPathWeights(dag, weightOf)]).toEqual(remaining);

        const { path, weight } = criticalPath(dag, weightOf);
        expect(weight).toBe(Math.max(0, ...remaining));
        expect(path.reduce((sum, id) => sum + weightOf(dag.indexOf(id)), 0)).toBe(weight);
        const isStep = (id: string, position: number): boolean => {
          const needs = naive.needs.get(id) ?? new Set();
          return position === 0 ? needs.size === 0 : needs.has(path[position - 1] ?? "");
        };
        expect(path.filter((id, position) => !isStep(id, position))).toEqual([]);
        expect(path.slice(-1).flatMap((id) => dag.withDependents([id]))).toEqual(path.slice(-1));
      }),
    );
  });
});
