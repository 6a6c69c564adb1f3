import { describe, expect, it } from "vitest";
import { choosePalette } from "../../src/render/palette.ts";
import { layerLine } from "../../src/render/layer-line.ts";
import { applyEvent, emptyRunView, type LayerView, type RunView } from "../../src/run-view.ts";
import { CollectedStream } from "../collected-stream.ts";
import { EventScript, passingTests, planNode, scriptPlan } from "../event-script.ts";
import { greenRun } from "../runs.ts";

const palette = choosePalette(new CollectedStream(), {});

function lineOf(run: EventScript, layerId: string, columns?: number): string {
  const view: RunView = run.events.reduce(applyEvent, emptyRunView);
  return layerLine(view, view.layers.get(layerId) as LayerView, { palette, columns });
}

describe("layerLine", () => {
  it("aligns names and category counts with the plan's other layers", () => {
    const plan = scriptPlan([
      { id: "one", name: "A", categories: ["x"] },
      { id: "two", name: "Much longer", categories: ["y", "z"] },
    ]);
    const run = new EventScript(plan).layerStarted("one").nodeStarted("x").tests("x", passingTests(1)).wait(20);
    run.nodeCompleted("x").layerCompleted("one");
    expect(lineOf(run, "one")).toBe("✓ A            1 category   · 1 test · 20ms   (x 1 in 20ms)");
  });

  it("puts the categories on a line of their own where the terminal is too narrow for one", () => {
    expect(lineOf(greenRun(), "fast", 80)).toBe(
      "✓ Fast Feedback     2 categories · 43 tests · 1.9s of 2m\n   (smoke 4 in 0.6s, unit 39 in 1.2s)",
    );
    expect(lineOf(greenRun(), "fast", 120)).not.toContain("\n");
  });

  it("counts shards of a category once, lists them in declared order and no more than eight", () => {
    const shards = Array.from({ length: 10 }, (_, index) => `unit-${index + 1}`);
    const plan = scriptPlan([{ id: "fast", name: "Fast", categories: shards }]);
    const nodes = shards.map((id) => planNode(id, "fast", { category: "unit" }));
    const run = new EventScript({ ...plan, nodes }).layerStarted("fast");
    for (const id of shards.toReversed()) run.nodeStarted(id).tests(id, passingTests(1)).nodeCompleted(id);
    const names = shards.slice(0, 8).map((id) => `${id} 1 in 0ms`);
    expect(lineOf(run.layerCompleted("fast"), "fast")).toBe(
      `✓ Fast  1 category · 10 tests · 0ms   (${names.join(", ")}, 2 more)`,
    );
  });
});
