import type { RunEventOf } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/render/display-width.ts";
import { type Frame, liveRegion } from "../../src/render/live-region.ts";
import { choosePalette } from "../../src/render/palette.ts";
import { applyEvent, emptyRunView, type RunView } from "../../src/run-view.ts";
import { CollectedStream } from "../collected-stream.ts";
import { EventScript, passingTests, planNode, scriptPlan, scriptTest } from "../event-script.ts";
import { text } from "../play.ts";

const palette = choosePalette(new CollectedStream(), {});
const failing = scriptTest("breaks", { status: "failed" });

function draw(run: EventScript, change: Partial<Frame> = {}): string {
  const view: RunView = run.events.reduce(applyEvent, emptyRunView);
  const frame = { nowMs: view.atMs, tick: 0, columns: 79, rows: 24, palette, ...change };
  return liveRegion(view, frame)
    .map((line) => `${line}\n`)
    .join("");
}

function twoLayers(): EventScript {
  const plan = scriptPlan([
    { id: "fast", name: "Fast Feedback", budgetMs: 120_000, categories: ["smoke", "unit", "lint", "types"] },
    { id: "core", name: "Core Integration", categories: ["api"] },
    { id: "service", name: "Service Integration", categories: ["agent"] },
  ]);
  return new EventScript(plan)
    .layerStarted("fast")
    .nodeStarted("smoke")
    .wait(600)
    .tests("smoke", passingTests(4))
    .nodeCompleted("smoke")
    .nodeStarted("unit")
    .tests("unit", [...passingTests(38), failing])
    .wait(40_000)
    .output("unit", "RUN v5\n\u001b[32m ✓\u001b[39m test/cart.test.ts (12 tests) 40ms, and much more than fits\n\n");
}

describe("liveRegion", () => {
  it("shows a running layer with its budget, its categories with what they printed last, and what waits", () => {
    expect(draw(twoLayers())).toBe(text`
      Fast Feedback  ▰▰▰▱▱▱▱▱ 41s of 2m  1 of 4 done
        ✓ smoke   0.6s  4 passed
        ⠋ unit     40s  38 passed, 1 failed  │ ✓ test/cart.test.ts (12 tests) 40ms, …
        waits lint, types
      then Core Integration, Service Integration
      41s · 1 of 6 done · 42 passed · 1 failed
    `);
  });

  it.each([10, 20, 39, 40, 79, 199])(
    "fits a window of half its %i columns, be it wrapped, down to 40 columns",
    (columns) => {
      const categories = Array.from({ length: 60 }, (_, index) => `category-${index}`);
      const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast Feedback", categories }])).layerStarted("fast");
      for (const id of categories)
        run.nodeStarted(id).output(id, `${id} writes ${"much more than fits ".repeat(12)}\n`);
      const lines = draw(run, { columns }).trimEnd().split("\n");
      expect(lines.length).toBeGreaterThan(3);
      const narrower = Math.min(40, Math.ceil(columns / 2));
      const wrapped = lines.map((line) => Math.ceil(displayWidth(line) / narrower)).reduce((sum, rows) => sum + rows);
      expect(wrapped).toBeLessThanOrEqual(23);
    },
  );

  it("leaves out what a narrow terminal has no room for, and cuts the rest", () => {
    expect(draw(twoLayers(), { columns: 39 })).toBe(text`
      Fast Feedback  ▰▰▰▱▱▱▱▱ 41s of 2m
        ✓ smoke   0.6s  4 passed
        ⠋ unit     40s  38 passed, 1 failed
        waits lint, types
      then Core Integration +1
      41s · 1 of 6 done · 42 passed
    `);
    expect(draw(twoLayers(), { columns: 28 }).split("\n")[0]).toBe("Fast Feedback  41s of 2m");
  });

  it.each([79, 39, 20, 8, 4])("never fills more than the %d cells it is given", (columns) => {
    const lines = draw(twoLayers().output("unit", "世界🎉".repeat(50)), { columns }).split("\n");
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
  });

  it("shows layers that run at once under each other, with their columns aligned", () => {
    const run = twoLayers().layerStarted("core").nodeStarted("api").wait(2000).output("unit", "\n");
    expect(draw(run, { tick: 1 })).toBe(text`
      Fast Feedback     ▰▰▰▱▱▱▱▱ 43s of 2m  1 of 4 done
        ✓ smoke   0.6s  4 passed
        ⠙ unit     42s  38 passed, 1 failed  │ ✓ test/cart.test.ts (12 tests) 40ms, …
        waits lint, types
      Core Integration  2s  0 of 1 done
        ⠙ api       2s
      then Service Integration
      43s · 1 of 6 done · 42 passed · 1 failed
    `);
  });

  it("tells of a retry, of a category that did not pass, and not of one that cannot run", () => {
    const plan = scriptPlan([{ id: "fast", name: "Fast", categories: ["unit", "api", "websocket"] }]);
    const skip = { cause: "not-configured", reason: "not configured" } as const;
    const nodes = plan.nodes.map((node) =>
      node.id === "websocket" ? { ...planNode("websocket", "fast"), skip } : node,
    );
    const run = new EventScript({ ...plan, nodes })
      .layerStarted("fast")
      .nodeStarted("unit")
      .wait(1000)
      .nodeCompleted("unit", { status: "failed", reason: "exit code 2" })
      .nodeStarted("api")
      .retrying("api", 1, { status: "errored", reason: "no port" }, 5000);
    expect(draw(run)).toBe(text`
      Fast  1s  1 of 2 done
        ✗ unit   1.0s                                 failed: exit code 2
        ↻ api      0s  attempt 2, waits to try again
      1s · 1 of 2 done · 1 did not pass
    `);
    run.nodeStarted("api", 2).tests("api", passingTests(1), 2);
    expect(draw(run)).toContain("  ⠋ api      0s  attempt 2, 1 passed\n");
  });

  it("fits a low terminal by dropping what passed first, and says how many rows are missing", () => {
    const categories = Array.from({ length: 30 }, (_, index) => `c${index + 1}`);
    const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories }])).layerStarted("fast");
    for (const id of categories) run.nodeStarted(id);
    for (const id of categories.slice(0, 20)) run.nodeCompleted(id);
    const lines = draw(run, { rows: 12 }).trimEnd().split("\n");
    // Half of the window at most.
    expect(lines.length).toBeLessThan(6);
    expect(lines.filter((line) => line.includes("✓"))).toEqual([]);
    expect(lines.at(-2)).toBe("  20 more passed · 8 more running");
  });

  it.each([
    [12, 40],
    [12, 200],
    [24, 80],
    [24, 200],
    [50, 120],
    [50, 200],
  ])("still fits a window of %i rows that gets from %i to 40 columns and wraps its lines", (rows, columns) => {
    const categories = Array.from({ length: 60 }, (_, index) => `category-${index + 1}-with-a-long-name`);
    const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories }])).layerStarted("fast");
    for (const id of categories) run.nodeStarted(id).output(id, `${"x".repeat(300)}\n`);
    const lines = draw(run, { rows, columns: columns - 1 })
      .trimEnd()
      .split("\n");
    const wrapped = lines.map((line) => Math.ceil(displayWidth(line) / 40)).reduce((sum, count) => sum + count, 0);
    // A blank line is drawn above the region.
    expect(wrapped + 1).toBeLessThanOrEqual(rows);
    expect(lines.length).toBeGreaterThan(3);
  });

  it("names what comes first while no layer runs, and is empty before the run and after it", () => {
    const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories: ["unit"] }]));
    expect(draw(run)).toBe("then Fast\n0s · 0 of 1 done\n");
    expect(draw(run.runCompleted())).toBe("");
    expect(liveRegion(emptyRunView, { nowMs: 0, tick: 0, columns: 79, rows: 24, palette })).toEqual([]);
  });

  it("says how long a category typically takes, what its processes take, and what all take together", () => {
    const run = twoLayers();
    run.event({ type: "process_sampled", nodeId: "unit", attempt: 1, processes: 3, memoryBytes: 3e8, cpuPercent: 143 });
    run.event({ type: "resource_sampled", cpuPercent: 4, memoryBytes: 1e8, queueDepth: 0, running: 1 });
    const [started] = run.events;
    run.events[0] = { ...(started as RunEventOf<"run_started">), expectedMs: { unit: 50_000, smoke: 500 } };
    expect(draw(run, { columns: 99 })).toContain(
      "⠋ unit     40s of ~50s  38 passed, 1 failed  143 %  286 MiB  │ ✓ test/cart.test.ts (12 tests) 40",
    );
    expect(draw(run, { columns: 99 })).toContain("✓ smoke   0.6s          4 passed\n");
    expect(draw(run, { columns: 99 })).toContain("41s · 1 of 6 done · 42 passed · 1 failed · CPU 147 % · 381 MiB\n");
    expect(draw(run, { columns: 61 })).toContain("  ⠋ unit     40s of ~50s  38 passed, 1 failed  143 %  286 MiB\n");
    expect(draw(run, { columns: 59 })).toContain("  ⠋ unit     40s of ~50s  38 passed, 1 failed  │ ✓ test/ca…\n");
    expect(draw(run, { columns: 19 })).toContain("\n  ⠋ unit     40s\n");
  });

  it("names the latest that passed, and folds the others", () => {
    const categories = Array.from({ length: 500 }, (_, index) => `c${index + 1}`);
    const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories }])).layerStarted("fast");
    for (const id of categories.slice(0, 450)) run.nodeStarted(id).nodeCompleted(id);
    for (const id of categories.slice(450, 452)) run.nodeStarted(id);
    expect(draw(run, { columns: 59 })).toBe(text`
      Fast  0s  450 of 500 done
        ✓ c447    0ms
        ✓ c448    0ms
        ✓ c449    0ms
        ✓ c450    0ms
        ⠋ c451     0s
        ⠋ c452     0s
        446 more passed · waits c453, c454, c455, c456, c457 +43
      0s · 450 of 500 done
    `);
  });

  it("says by how much a layer is over its budget, and what runs beside the run", () => {
    const run = twoLayers().wait(90_000);
    expect(draw(run, { nowMs: Date.UTC(2026, 0, 31, 14, 27, 10) })).toContain("2m 10s of 2m, 10s over  1 of 4 done\n");
    expect(draw(run, { background: ["1 running, 2 waiting"] })).toContain("\nbackground  1 running, 2 waiting\n41s");
  });
});
