import { describe, expect, it } from "vitest";
import { budgetTrends } from "../../src/budget/budget-trend.ts";
import type { LayerHistory, LayerRun } from "../../src/budget/layer-history.ts";
import { seededRandom } from "../../src/plan/estimate/seeded-random.ts";

const budgetMs = 120_000;

function layer(durations: readonly number[], over: Partial<LayerHistory> = {}): LayerHistory {
  const runs = durations.map((durationMs, at): LayerRun => ({ at, durationMs, budgetMs, outcome: "passed" }));
  return { layerId: "fast", executionMode: "sequential", runs, categories: new Map(), ...over };
}

const trend = (durations: readonly number[], over: Partial<LayerHistory> = {}) =>
  budgetTrends([layer(durations, over)])[0];

const rising = (count: number, from: number, by: number): number[] =>
  Array.from({ length: count }, (_, index) => from + by * index);

/** Normally distributed noise (Box–Muller). */
function noise(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

describe("the trend of a layer's budget", () => {
  it("says what recent runs used, and nothing of growth where there is none", () => {
    const past = [60_000, 61_000, 59_000, 60_500, 60_000, 59_500, 60_200];
    expect(trend(past)).toMatchObject({
      budgetMs,
      runs: 7,
      usedP50: 0.5,
      severity: "ok",
      message: "fast takes 50 % (1m) of its 2m, 1 run in 20 51 % (1m 01s) or more (7 runs)",
    });
    expect(trend(past)).not.toHaveProperty("growthMs");
    expect(trend(past)).not.toHaveProperty("runsUntilBreak");
  });

  it("warns before the budget breaks, with the number of runs that are left", () => {
    expect(trend(rising(10, 80_000, 2_000))).toMatchObject({
      growthMs: 2_000,
      runsUntilBreak: 11,
      severity: "will-break",
      message:
        "fast takes 73 % (1m 28s) of its 2m, 1 run in 20 82 % (1m 38s) or more (10 runs), and 2s more with every run: it breaks in about 11 runs",
    });
  });

  it("does not warn of a growth that takes a hundred runs", () => {
    expect(trend(rising(10, 20_000, 500))).toMatchObject({ growthMs: 500, severity: "ok" });
  });

  it("is not bent by single outliers", () => {
    const past = rising(15, 80_000, 1_000);
    past[3] = 500_000;
    past[14] = 10_000;
    expect(trend(past)?.growthMs).toBeCloseTo(1_000, -1);
  });

  it("tells when the budget is nearly used up, and when every other run exceeds it", () => {
    const near = [90_000, 92_000, 91_000, 110_000, 90_500, 91_500];
    expect(trend(near)).toMatchObject({ severity: "near" });
    const broken = trend([125_000, 124_000, 126_000, 125_500, 119_000]);
    expect(broken).toMatchObject({ severity: "breaks", message: expect.stringMatching(/it exceeds its budget$/) });
  });

  it("says nothing of a trend before there are five runs", () => {
    expect(trend([100_000, 115_000, 125_000, 150_000])).toMatchObject({
      severity: "ok",
      moves: [],
      message: expect.stringMatching(/: too few runs to say more \(4 of 5\)$/),
    });
    expect(trend([20_000, 40_000, 60_000, 80_000, 100_000])).toMatchObject({
      severity: "will-break",
      runsUntilBreak: 1,
    });
  });

  it("rests on runs that passed or ended at a deadline, and on the budget of today", () => {
    const failed: LayerRun = { at: 0, durationMs: 1_000, budgetMs, outcome: "failed" };
    const late: LayerRun = { at: 9, durationMs: 120_000, budgetMs: 60_000, outcome: "timed-out" };
    const runs = [...layer(rising(5, 30_000, 0)).runs, ...Array.from({ length: 20 }, () => failed), late];
    expect(trend([], { runs })).toMatchObject({ runs: 6, budgetMs: 60_000, usedP50: 0.5, usedP95: 2 });
  });

  it("leaves out layers without a budget or a past", () => {
    const free = layer([], { runs: [{ at: 1, durationMs: 5, outcome: "passed" }] });
    expect(budgetTrends([free, layer([])])).toEqual([]);
  });

  it("does not cry wolf: of 1,000 flat layers with noise, fewer than 1 in 20 is warned of", () => {
    const random = seededRandom(7);
    let warned = 0;
    let grown = 0;
    for (let round = 0; round < 1_000; round += 1) {
      const count = 5 + Math.floor(random() * 40);
      const spread = 0.02 + random() * 0.08;
      const past = Array.from({ length: count }, () => budgetMs * 0.6 * Math.max(0.1, 1 + spread * noise(random)));
      const { severity, growthMs } = trend(past) ?? {};
      if (severity !== "ok") warned += 1;
      if (growthMs !== undefined) grown += 1;
    }
    console.info(`of 1,000 flat layers: warned of ${warned}, said to grow ${grown}`);
    expect(grown).toBeLessThan(50);
    expect(warned).toBeLessThan(50);
  });

  it("hears the wolf: of 200 layers that grow through the noise, nearly all are warned of", () => {
    const random = seededRandom(8);
    let warned = 0;
    for (let round = 0; round < 200; round += 1) {
      const past = rising(30, budgetMs * 0.5, budgetMs * 0.01).map((ms) => ms * (1 + 0.05 * noise(random)));
      if (trend(past)?.severity === "will-break") warned += 1;
    }
    console.info(`warned of ${warned} of 200 growing layers`);
    expect(warned).toBeGreaterThan(190);
  });
});

describe("what belongs elsewhere", () => {
  const six = (ms: number): number[] => rising(6, ms, 0);

  it("is a category that takes most of a budget that is tight: in the first later layer with room", () => {
    const categories = new Map([
      ["smoke", six(20_000)],
      ["unit", six(90_000)],
    ]);
    const fast = layer(six(110_000), { categories });
    const run = (durationMs: number, of: number): LayerRun => ({ at: 1, durationMs, budgetMs: of, outcome: "passed" });
    const full = layer([], { layerId: "core", runs: [run(550_000, 600_000)] });
    const roomy = layer([], { layerId: "service", runs: [run(300_000, 1_200_000)] });
    const [of] = budgetTrends([fast, full, roomy]);
    expect(of?.moves).toEqual([
      {
        category: "unit",
        toLayer: "service",
        durationMs: 90_000,
        worstMs: 90_000,
        reason: "unit alone takes 1m 30s, 75 % of the budget of 2m",
      },
    ]);
    expect(budgetTrends([fast])[0]?.moves[0]).not.toHaveProperty("toLayer");
  });

  it("is a category whose worst runs exceed what the others leave, also while the layer is well", () => {
    const slowNow = [...rising(18, 30_000, 0), 95_000, 95_000];
    const categories = new Map([
      ["unit", slowNow],
      ["smoke", six(40_000)],
    ]);
    const [of] = budgetTrends([layer(rising(20, 70_000, 0), { categories })]);
    expect(of).toMatchObject({ severity: "ok" });
    expect(of?.moves.map(({ category, reason }) => [category, reason])).toEqual([
      ["unit", "1 run of unit in 20 takes 1m 35s or more, beyond the 1m 20s that the others leave of 2m"],
    ]);
    const sideBySide = layer(rising(20, 70_000, 0), { categories, executionMode: "parallel" });
    expect(budgetTrends([sideBySide])[0]?.moves).toEqual([]);
  });

  it("is nothing of a layer in the background, where nobody waits", () => {
    const categories = new Map([["e2e", six(115_000)]]);
    expect(trend(six(115_000), { categories, isBackground: true })).toMatchObject({ severity: "near", moves: [] });
  });
});

describe("what ate the budget", () => {
  it("are the ten categories and the ten tests that take most, with their shares", () => {
    const categories = new Map(rising(12, 1, 1).map((count) => [`c${count}`, [count * 1_200]]));
    const tests = rising(11, 1, 1).map((count) => ({ category: "c1", test: `t${count}`, durationsMs: [count * 600] }));
    const found = trend(rising(5, 60_000, 0), { categories, tests });
    expect(found?.topCategories).toHaveLength(10);
    expect(found?.topCategories[0]).toEqual({ category: "c12", durationMs: 14_400, share: 0.12 });
    expect(found?.topTests).toHaveLength(10);
    expect(found?.topTests[0]).toEqual({ category: "c1", test: "t11", durationMs: 6_600, share: 0.055 });
  });
});
