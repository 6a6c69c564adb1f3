import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPath } from "../../../src/dag/critical-path.ts";
import { PlanGraph } from "../../../src/engine/plan-graph.ts";
import { estimatePlan } from "../../../src/plan/estimate/estimate-plan.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { planOf } from "../../rig/run-rig.ts";

/** Layers of nodes that need some of those before them, each with a past. */
const cases = fc.record({
  maxParallel: fc.integer({ min: 1, max: 5 }),
  layers: fc.array(
    fc.record({
      executionMode: fc.constantFrom("parallel" as const, "sequential" as const),
      maxParallel: fc.integer({ min: 1, max: 4 }),
      isGated: fc.boolean(),
      nodes: fc.array(
        fc.record({
          needs: fc.array(fc.nat({ max: 20 }), { maxLength: 2 }),
          past: fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 8 }),
          mutexes: fc.subarray(["a", "b"]),
          exclusive: fc.nat({ max: 7 }).map((value) => value === 0),
        }),
        { maxLength: 10 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

function planAndPast({ layers, maxParallel }: Case): { plan: Plan; history: Map<string, number[]> } {
  const history = new Map<string, number[]>();
  const sketches = layers.map(({ nodes, isGated, ...layer }, index) => ({
    id: `layer ${index}`,
    ...layer,
    gates: isGated && index > 0 ? [`layer ${index - 1}`] : [],
    nodes: nodes.map(({ needs, past, ...node }, position) => {
      const id = `${index}.${position}`;
      history.set(id, past);
      const before = position === 0 ? [] : needs.map((need) => `${index}.${need % position}`);
      return { id, needs: [...new Set(before)], ...node };
    }),
  }));
  return { plan: planOf(sketches, { maxParallel }), history };
}

/** The critical path when every node takes what `pick` takes of its past. */
function pathOf(
  plan: Plan,
  history: ReadonlyMap<string, readonly number[]>,
  pick: (past: readonly number[]) => number,
) {
  const graph = new PlanGraph(plan);
  return criticalPath(graph.dag, (index) => {
    const vertex = graph.vertex(index);
    const past = vertex.kind === "node" ? (history.get(plan.nodes[vertex.node]?.id ?? "") ?? []) : [];
    return past.length === 0 ? 0 : pick(past);
  }).weight;
}

describe("the estimate of any plan", () => {
  it("has its best no longer than its prediction, and that no longer than its worst", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const { plan, history } = planAndPast(sample);
        const { nodes, layers, run } = estimatePlan(plan, history, { samples: 40 });
        for (const { bestMs, predictedMs, worstMs } of [...nodes, ...layers, ...(run ? [run] : [])]) {
          expect(bestMs).toBeLessThanOrEqual(predictedMs);
          expect(predictedMs).toBeLessThanOrEqual(worstMs);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("is never shorter than the critical path of what was shortest, nor longer than everything at its longest in a row", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const { plan, history } = planAndPast(sample);
        const { run } = estimatePlan(plan, history, { samples: 40 });
        if (!run) return;
        expect(run.bestMs).toBeGreaterThanOrEqual(pathOf(plan, history, (past) => Math.min(...past)));
        const inARow = [...history.values()].reduce((sum, past) => sum + Math.max(0, ...past), 0);
        expect(run.worstMs).toBeLessThanOrEqual(inARow);
      }),
      { numRuns: 200 },
    );
  });

  it("accounts for every node once: estimated, or named as unknown", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const { plan, history } = planAndPast(sample);
        const { nodes, unknown } = estimatePlan(plan, history, { samples: 20 });
        const said = [...nodes.map(({ nodeId }) => nodeId), ...unknown];
        expect(said.toSorted()).toEqual(plan.nodes.map(({ id }) => id).toSorted());
      }),
    );
  });

  it("is the sum of its nodes where they run one after another and each always took the same", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 12 }), (times) => {
        const plan = planOf([
          { id: "l", executionMode: "sequential", maxParallel: 1, nodes: times.map((_, index) => `n${index}`) },
        ]);
        const history = new Map(times.map((time, index) => [`n${index}`, [time]]));
        const sum = times.reduce((total, time) => total + time, 0);
        expect(estimatePlan(plan, history).run).toMatchObject({ bestMs: sum, predictedMs: sum, worstMs: sum });
      }),
    );
  });

  // List scheduling has anomalies (Graham 1969): more room can make a run with needs longer, but never one without.
  it("is, for independent nodes that always took the same, no longer with room for all than with room for one", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 12 }), (times) => {
        const history = new Map(times.map((time, index) => [`n${index}`, [time]]));
        const timeWith = (maxParallel: number): number =>
          estimatePlan(planOf([{ id: "l", nodes: [...history.keys()] }], { maxParallel }), history).run?.predictedMs ??
          0;
        expect(timeWith(times.length)).toBe(Math.max(...times));
        expect(timeWith(2)).toBeLessThanOrEqual(timeWith(1));
      }),
    );
  });
});
