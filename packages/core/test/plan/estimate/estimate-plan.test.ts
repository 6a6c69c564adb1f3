import { describe, expect, it } from "vitest";
import { estimatePlan } from "../../../src/plan/estimate/estimate-plan.ts";
import { planOf } from "../../rig/run-rig.ts";

const seconds = (...values: number[]): number[] => values.map((value) => value * 1_000);

describe("the estimate of a plan", () => {
  it("is, for one node, what its past says: shortest, middle, and what 19 of 20 runs stay under", () => {
    const past = Array.from({ length: 20 }, (_, index) => (index + 1) * 1_000);
    const { nodes, layers, run, unknown } = estimatePlan(
      planOf([{ id: "fast", nodes: ["unit"] }]),
      new Map([["unit", past]]),
    );
    const times = { bestMs: 1_000, predictedMs: 10_000, worstMs: 19_000 };
    expect(nodes).toEqual([{ nodeId: "unit", ...times, runs: 20 }]);
    const span = { ...times, criticalPath: ["unit"], criticalPathMs: 10_000, unknown: [] };
    expect(layers).toEqual([{ layerId: "fast", ...span }]);
    expect(run).toEqual(span);
    expect(unknown).toEqual([]);
  });

  it("adds up what a sequential layer runs, and overlaps what a parallel one does within its limit", () => {
    const history = new Map([
      ["a", seconds(4)],
      ["b", seconds(3)],
      ["c", seconds(2)],
      ["d", seconds(1)],
    ]);
    const nodes = ["d", "c", "b", "a"];
    const timeOf = (layer: object) => estimatePlan(planOf([{ id: "l", nodes, ...layer }]), history).run?.predictedMs;
    expect(timeOf({ executionMode: "sequential", maxParallel: 1 })).toBe(10_000);
    // Longest first, as the engine does: a with d, b with c.
    expect(timeOf({ maxParallel: 2 })).toBe(5_000);
    expect(timeOf({})).toBe(4_000);
  });

  it("keeps the engine's limits: mutexes, exclusive nodes, capacity, gates", () => {
    const history = new Map(["a", "b", "c"].map((id) => [id, seconds(2)]));
    const timeOf = (node: object, over: object = {}) =>
      estimatePlan(planOf([{ id: "l", nodes: ["a", "b", "c"].map((id) => ({ id, ...node })) }], over), history).run
        ?.predictedMs;
    expect(timeOf({})).toBe(2_000);
    expect(timeOf({ mutexes: ["port"] })).toBe(6_000);
    expect(timeOf({ exclusive: true })).toBe(6_000);
    expect(timeOf({ reserves: { memoryBytes: 2 } }, { capacity: { memoryBytes: 5 } })).toBe(4_000);
    expect(timeOf({}, { maxParallel: 1 })).toBe(6_000);
    const gated = planOf([
      { id: "first", nodes: ["a", "b"] },
      { id: "second", gates: ["first"], nodes: ["c"] },
    ]);
    const { layers, run } = estimatePlan(gated, history);
    expect(run?.predictedMs).toBe(4_000);
    expect(layers.map(({ layerId, predictedMs }) => [layerId, predictedMs])).toEqual([
      ["first", 2_000],
      ["second", 2_000],
    ]);
  });

  it("names the critical path and its time, across layers and within each", () => {
    const plan = planOf([
      { id: "first", nodes: ["a", { id: "b", needs: ["a"] }, "c"] },
      { id: "second", gates: ["first"], nodes: ["d"] },
    ]);
    const history = new Map([
      ["a", seconds(2)],
      ["b", seconds(2)],
      ["c", seconds(3)],
      ["d", seconds(1)],
    ]);
    const { layers, run } = estimatePlan(plan, history);
    expect(run).toMatchObject({ criticalPath: ["a", "b", "d"], criticalPathMs: 5_000 });
    expect(layers.map(({ criticalPath, criticalPathMs }) => [criticalPath, criticalPathMs])).toEqual([
      [["a", "b"], 4_000],
      [["d"], 1_000],
    ]);
  });

  it("says how likely budgets are met: as often as the simulated runs meet them", () => {
    const past = seconds(1, 1, 1, 9);
    const plan = planOf([{ id: "l", budgetMs: 5_000, nodes: ["a"] }], { budgetMs: 500 });
    const { layers, run } = estimatePlan(plan, new Map([["a", past]]));
    expect(layers[0]).toMatchObject({ budgetMs: 5_000, budgetChance: 0.75 });
    expect(run).toMatchObject({ budgetMs: 500, budgetChance: 0 });
  });

  it("lets no node take longer than its deadline lets it today", () => {
    const nodes = [
      { id: "a", timeoutMs: 3_000 },
      { id: "b", attemptTimeoutMs: 2_000 },
    ];
    const history = new Map([
      ["a", seconds(60)],
      ["b", seconds(60)],
    ]);
    const estimate = estimatePlan(planOf([{ id: "l", nodes }]), history);
    expect(estimate.nodes.map(({ worstMs }) => worstMs)).toEqual([3_000, 2_000]);
  });
});

describe("what history does not know", () => {
  it("is named, and no time is made up for it", () => {
    const plan = planOf([
      { id: "first", nodes: ["a", "new"] },
      { id: "second", gates: ["first"], nodes: ["other"] },
    ]);
    const { nodes, layers, run, unknown } = estimatePlan(plan, new Map([["a", seconds(2)]]));
    expect(unknown).toEqual(["new", "other"]);
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual(["a"]);
    expect(layers.map(({ layerId, unknown: missing }) => [layerId, missing])).toEqual([["first", ["new"]]]);
    expect(run).toMatchObject({ predictedMs: 2_000, unknown: ["new", "other"] });
  });

  it("is everything without a history: there is no estimate then", () => {
    const estimate = estimatePlan(planOf([{ id: "l", nodes: ["a"] }]), new Map());
    expect(estimate).toEqual({ samples: 0, nodes: [], layers: [], unknown: ["a"] });
  });

  it("is not what will not run: skipped nodes, branches that a pass does not take, and what only they lead to", () => {
    const nodes = [
      "a",
      { id: "absent", skip: { cause: "not-configured" as const, reason: "not configured" } },
      { id: "after absent", needs: ["absent"] },
      { id: "on failure", when: { outcome: { a: ["failed" as const] } } },
      { id: "after failure", needs: ["on failure"] },
      { id: "in any case", when: { outcome: { a: ["passed" as const, "failed" as const] } } },
    ];
    expect(estimatePlan(planOf([{ id: "l", nodes }]), new Map()).unknown).toEqual(["a", "after absent", "in any case"]);
  });

  it("is a sharded category whose shards never ran, although it ran whole", () => {
    const nodes = ["api#1", "api#2", { id: "api", needs: ["api#1", "api#2"], parts: ["api#1", "api#2"] }];
    const plan = planOf([{ id: "l", nodes }]);
    expect(estimatePlan(plan, new Map([["api", seconds(60)]])).unknown).toEqual(["api#1", "api#2", "api"]);
    const sharded = new Map([
      ["api#1", seconds(5)],
      ["api#2", seconds(7)],
      ["api", seconds(1)],
    ]);
    expect(estimatePlan(plan, sharded)).toMatchObject({ unknown: [], run: { predictedMs: 8_000 } });
  });
});

describe("an estimate", () => {
  it("is the same for the same plan, past and seed", () => {
    const ids = ["a", "b", "c", "d"];
    const history = new Map(ids.map((id, index) => [id, seconds(1, 2, 3 + index, 9)]));
    const plan = planOf([{ id: "l", maxParallel: 2, nodes: ids }]);
    expect(estimatePlan(plan, history)).toEqual(estimatePlan(plan, history));
  });

  it("takes no time for passes that are kept", () => {
    const history = new Map([
      ["a", seconds(5)],
      ["b", seconds(2)],
    ]);
    const plan = planOf([{ id: "l", nodes: ["a", { id: "b", needs: ["a"] }] }]);
    const { nodes, run } = estimatePlan(plan, history, { kept: new Set(["a"]) });
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual(["b"]);
    expect(run?.predictedMs).toBe(2_000);
  });

  it("rests on recent runs, not on what was long ago", () => {
    const past = [...Array.from({ length: 100 }, () => 60_000), ...Array.from({ length: 50 }, () => 1_000)];
    const { nodes } = estimatePlan(planOf([{ id: "l", nodes: ["a"] }]), new Map([["a", past]]));
    expect(nodes[0]).toMatchObject({ runs: 50, worstMs: 1_000 });
  });

  it("simulates fewer runs of a plan that is large or asks for many different things", () => {
    const samplesOf = (nodes: readonly { readonly id: string }[]): number =>
      estimatePlan(planOf([{ id: "l", nodes }]), new Map(nodes.map(({ id }) => [id, [1]]))).samples;
    const many = Array.from({ length: 4_000 }, (_, index) => ({ id: `n${index}` }));
    expect(samplesOf(many)).toBe(50);
    expect(samplesOf(many.slice(0, 1_000))).toBe(200);
    const reserving = many.slice(0, 400).map((node, index) => ({ ...node, reserves: { memoryBytes: index + 1 } }));
    expect(samplesOf(reserving)).toBe(20);
  });
});
