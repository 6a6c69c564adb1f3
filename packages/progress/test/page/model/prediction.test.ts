import type { Plan } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { layerRows } from "../../../src/page/model/layer-rows.ts";
import { isLate, predictedOverrun } from "../../../src/page/model/prediction.ts";
import { RunBook } from "../../../src/page/model/run-book.ts";
import { EventScript, planNode, scriptPlan } from "../../event-script.ts";

const plan = scriptPlan([
  { id: "fast", categories: ["smoke", "unit"] },
  { id: "core", budgetMs: 40_000, categories: ["db", "api", "web"] },
]);
const known = { smoke: 2_000, unit: 5_000, db: 10_000, api: 20_000, web: 30_000 };

function played({ events }: EventScript) {
  const book = new RunBook();
  for (const event of events) book.apply(event, "main", 0);
  const run = book.choose(undefined);
  if (!run) throw new Error("there is no run");
  return run;
}

function predicted(script: EventScript) {
  const { runMs, layersMs } = played(script).prediction;
  return { run: runMs, ...Object.fromEntries(layersMs) };
}

const without = (name: string) => Object.fromEntries(Object.entries(known).filter(([id]) => id !== name));

describe("what a run is going to take", () => {
  it("is what its scheduler makes of what its categories took before, layer by layer", () => {
    // Two at a time: the longest first, beside which the two others fit.
    expect(predicted(new EventScript(plan, known))).toEqual({ run: 35_000, fast: 5_000, core: 30_000 });
    const one: Plan = { ...plan, layers: plan.layers.map((layer) => ({ ...layer, maxParallel: 1 })) };
    expect(predicted(new EventScript(one, known))).toEqual({ run: 67_000, fast: 7_000, core: 60_000 });
  });

  it("is not said of a layer with a category without a past, nor of the run", () => {
    expect(predicted(new EventScript(plan, without("api")))).toEqual({ fast: 5_000 });
    expect(predicted(new EventScript(plan))).toEqual({});
  });

  it("is not said of a layer that runs beside one that nobody knows", () => {
    const beside: Plan = { ...plan, layers: plan.layers.map((layer) => ({ ...layer, gates: [] })) };
    expect(predicted(new EventScript(beside, without("unit")))).toEqual({});
  });

  it("is not said any more once something was added that nobody planned", () => {
    const script = new EventScript(plan, known).layerStarted("fast").nodeStarted("smoke");
    script.event({ type: "plan_extended", by: "smoke", nodes: [{ ...planNode("extra", "fast"), spawnedBy: "smoke" }] });
    expect(predicted(script)).toEqual({ core: 30_000 });
  });

  it("leaves out what passed before and is not run again", () => {
    const script = new EventScript(plan, known).layerStarted("fast").nodeCompleted("unit");
    const [kept] = script.events.splice(-1);
    if (kept?.type !== "node_completed") throw new Error("it has not ended");
    script.events.push({ ...kept, keptFrom: "an-earlier-run" });
    expect(predicted(script)).toEqual({ run: 32_000, fast: 2_000, core: 30_000 });
  });

  it("is nothing for a plan that is none", () => {
    const circle = { ...plan, nodes: plan.nodes.map((node) => ({ ...node, needs: [node.id] })) };
    expect(predicted(new EventScript(circle, known))).toEqual({});
  });

  it("counts the shards of a category, and not the category once more", () => {
    const sharded = scriptPlan([{ id: "only", categories: ["db", "api#1", "web", "api#2", "api"] }]);
    const parts = ["api#1", "api#2"];
    const nodes = sharded.nodes.map((node) => (node.id === "api" ? { ...node, parts, needs: parts } : node));
    const script = new EventScript({ ...sharded, nodes }, { db: 3_000, "api#1": 8_000, "api#2": 9_000, web: 1_000 });
    expect(predicted(script)).toEqual({ run: 11_000, only: 11_000 });
    const rows = layerRows(played(script).view, { status: "all", words: "", closed: new Set() });
    expect(rows.flatMap((row) => (row.kind === "node" ? [[row.id, row.isPart]] : []))).toEqual([
      ["db", false],
      ["web", false],
      ["api", false],
      ["api#1", true],
      ["api#2", true],
    ]);
    const found = layerRows(played(script).view, { status: "all", words: "#2", closed: new Set() });
    expect(found.flatMap((row) => (row.kind === "node" ? [[row.id, row.isPart]] : []))).toEqual([["api#2", false]]);
  });
});

describe("what a category is likely to be over", () => {
  const limited: Plan = {
    ...plan,
    nodes: plan.nodes.map((node) => (node.id === "db" ? { ...node, timeoutMs: 9_000 } : node)),
  };
  const run = played(
    new EventScript(limited, known)
      .layerStarted("core")
      .nodeStarted("db")
      .wait(15_000)
      .nodeStarted("api")
      .nodeStarted("web"),
  );
  it.each([
    ["db", "limit"],
    ["api", undefined],
    ["web", "layer"],
    ["smoke", undefined],
  ])("is for %s %s", (id, over) => {
    expect(predictedOverrun(run.view, id, run.view.running.get(id))).toBe(over);
  });

  it("is late at half as long again, but not for a second more", () => {
    expect([isLate(15_000, 10_000), isLate(15_001, 10_000)]).toEqual([false, true]);
    expect([isLate(1_100, 100), isLate(1_101, 100)]).toEqual([false, true]);
  });
});
