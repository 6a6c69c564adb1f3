import { describe, expect, it } from "vitest";
import { keptTestsPerNode } from "../src/node-view.ts";
import { applyEvent, emptyRunView, RunFold, type RunView } from "../src/run-view.ts";
import { EventScript, passingTests, scriptPlan, scriptTest } from "./event-script.ts";

const layers = [
  { id: "fast", name: "Fast Feedback", budgetMs: 120_000, categories: ["smoke", "unit"] },
  { id: "core", name: "Core Integration", categories: ["api"] },
];

function script(): EventScript {
  return new EventScript(scriptPlan(layers));
}

function fold({ events }: EventScript): RunView {
  return events.reduce(applyEvent, emptyRunView);
}

const failing = (name: string) => scriptTest(name, { status: "failed", message: "no" });

describe("applyEvent", () => {
  it("begins with all layers of the plan waiting", () => {
    const view = fold(script());
    expect([...view.layers.values()].map(({ name, nodeIds, progress }) => ({ name, nodeIds, progress }))).toEqual([
      { name: "Fast Feedback", nodeIds: ["smoke", "unit"], progress: { phase: "waiting" } },
      { name: "Core Integration", nodeIds: ["api"], progress: { phase: "waiting" } },
    ]);
    expect(view.startedAtMs).toBe(Date.UTC(2026, 0, 31, 14, 25));
  });

  it("follows a node from its start over its tests to its end", () => {
    const run = script().layerStarted("fast").wait(50).nodeStarted("unit").tests("unit", passingTests(3));
    const running = fold(run).running.get("unit");
    expect(running).toMatchObject({ attempt: 1, counts: { total: 3, passed: 3 }, failedTests: [] });
    expect(running?.startedAtMs).toBe(Date.UTC(2026, 0, 31, 14, 25) + 50);

    const view = fold(run.wait(100).nodeCompleted("unit"));
    expect(view.running.size).toBe(0);
    expect(view.layers.get("fast")?.finished).toMatchObject([{ id: "unit", durationMs: 100, counts: { total: 3 } }]);
    expect(view.layers.get("fast")?.progress.phase).toBe("running");
  });

  it("finishes layers and the run with what their events say", () => {
    const run = script().layerStarted("fast").wait(2000).layerCompleted("fast").runCompleted();
    const view = fold(run);
    expect(view.layers.get("fast")?.progress).toMatchObject({ phase: "finished", durationMs: 2000 });
    expect(view.summary?.outcome).toEqual({ status: "passed" });
  });

  it("keeps failed and flaky tests of a node, and no passed one", () => {
    const tests = [...passingTests(50), failing("breaks"), scriptTest("wavers", { flaky: true })];
    const run = script().nodeStarted("unit").tests("unit", tests).nodeCompleted("unit");
    const node = fold(run).layers.get("fast")?.finished[0];
    expect(node?.failedTests.map(({ name }) => name)).toEqual(["breaks"]);
    expect(node?.flakyTests.map(({ name }) => name)).toEqual(["wavers"]);
  });

  it("bounds what it keeps: failed tests, their messages and the output", () => {
    const tests = Array.from({ length: 500 }, (_, index) => failing(`breaks ${index}`));
    const long = scriptTest("long", { status: "errored", message: "x".repeat(100_000), details: "y".repeat(100_000) });
    const run = script()
      .nodeStarted("unit")
      .tests("unit", [long, ...tests]);
    for (let count = 0; count < 100; count += 1) run.output("unit", "z".repeat(1000));
    const node = fold(run).running.get("unit");
    expect(node?.counts.failed).toBe(501);
    expect(node?.failedTests).toHaveLength(keptTestsPerNode);
    expect(JSON.stringify(node).length).toBeLessThan(30_000);
  });

  it("starts counting anew with each attempt and remembers how the earlier ones ended", () => {
    const outcome = { status: "failed", reason: "1 of 2 tests failed" } as const;
    const run = script()
      .nodeStarted("unit")
      .tests("unit", [...passingTests(1), failing("wavers")])
      .retrying("unit", 1, outcome, 1000);
    expect(fold(run).running.get("unit")).toMatchObject({ attempt: 2, isBackingOff: true, counts: { total: 0 } });

    run.nodeStarted("unit", 2).tests("unit", passingTests(2), 2);
    expect(fold(run).running.get("unit")).toMatchObject({ attempt: 2, isBackingOff: false, counts: { total: 2 } });

    const node = fold(run.nodeCompleted("unit", { status: "passed" }, { flaky: true, attempts: 2 })).layers.get("fast")
      ?.finished[0];
    expect(node).toMatchObject({ failedTests: [], flaky: true, earlierAttempts: [{ attempt: 1, outcome }] });
    expect(node?.earlierAttempts[0]?.failedTests.map(({ name }) => name)).toEqual(["wavers"]);
  });

  it("ignores what arrives late from an attempt that was given up on", () => {
    const run = script()
      .nodeStarted("unit")
      .retrying("unit", 1, { status: "timed-out", deadline: "attempt", limitMs: 1, reason: "1ms" })
      .nodeStarted("unit", 2)
      .tests("unit", [failing("late")], 1)
      .output("unit", "late", 1);
    expect(fold(run).running.get("unit")).toMatchObject({ counts: { total: 0 }, outputTail: "" });
  });

  it("takes in a node that never started, and one that is in no plan", () => {
    const skipped = { status: "skipped", cause: "dependency", reason: "Fast Feedback did not pass" } as const;
    const run = script().nodeCompleted("api", skipped);
    run.event({ type: "node_started", nodeId: "extra", layerId: "fast" });
    run.event({ type: "node_started", nodeId: "stray", layerId: "plugin" });
    const view = fold(run);
    expect(view.layers.get("core")?.finished).toMatchObject([{ id: "api", outcome: skipped, attempts: 0 }]);
    expect(view.layers.get("fast")?.nodeIds).toEqual(["smoke", "unit", "extra"]);
    expect(view.layers.get("plugin")).toMatchObject({ name: "plugin", nodeIds: ["stray"] });
  });

  it("drops the output of a node that passed and keeps its end for one that did not", () => {
    const run = script().nodeStarted("smoke").output("smoke", "fine").nodeCompleted("smoke");
    run.nodeStarted("unit").output("unit", "boom").nodeCompleted("unit", { status: "failed", reason: "exit code 1" });
    expect(
      fold(run)
        .layers.get("fast")
        ?.finished.map(({ outputTail }) => outputTail),
    ).toEqual(["", "boom"]);
  });

  it("remembers reporters that failed", () => {
    const run = script().event({ type: "reporter_failed", reporter: "junit", message: "disk full" });
    expect(fold(run).failedReporters).toEqual([{ reporter: "junit", message: "disk full" }]);
  });

  it("changes neither the view nor the event that it is given", () => {
    const run = script()
      .layerStarted("fast")
      .nodeStarted("unit")
      .tests("unit", [failing("breaks")]);
    run.output("unit", "text").nodeCompleted("unit", { status: "failed", reason: "1 of 1 tests failed" });
    run.layerCompleted("fast").runCompleted();
    let view = emptyRunView;
    for (const event of run.events) {
      const before = structuredClone(view);
      const next = applyEvent(view, Object.freeze(event));
      expect(view).toEqual(before);
      view = next;
    }
  });

  it("knows how long nodes typically took, and what their processes take until they are tried again", () => {
    const run = script().nodeStarted("unit");
    run.event({
      type: "process_sampled",
      nodeId: "unit",
      attempt: 1,
      processes: 3,
      memoryBytes: 5_000_000,
      cpuPercent: 80,
    });
    run.event({ type: "resource_sampled", cpuPercent: 4, memoryBytes: 1_000_000, queueDepth: 2, running: 1 });
    const [started, ...rest] = run.events;
    const view = [{ ...started, expectedMs: { unit: 40_000 } } as typeof started & {}, ...rest].reduce(
      applyEvent,
      emptyRunView,
    );
    expect(view.expectedMs).toEqual(new Map([["unit", 40_000]]));
    expect(view.running.get("unit")?.usage).toEqual({ memoryBytes: 5_000_000, cpuPercent: 80 });
    expect(view.leader).toEqual({ cpuPercent: 4, memoryBytes: 1_000_000 });
    run.retrying("unit", 1, { status: "failed", reason: "no" });
    expect(fold(run).running.get("unit")?.usage).toBeUndefined();
  });

  it("counts what is behind the run, a category of shards once", () => {
    const plan = scriptPlan([{ id: "fast", categories: ["unit", "unit-1", "unit-2", "api"] }]);
    const nodes = plan.nodes.map((node) => (node.id === "unit" ? { ...node, parts: ["unit-1", "unit-2"] } : node));
    const run = new EventScript({ ...plan, nodes }).layerStarted("fast");
    for (const id of ["unit-1", "unit-2"]) run.nodeStarted(id).tests(id, passingTests(3)).nodeCompleted(id);
    run.nodeCompleted(
      "unit",
      { status: "passed" },
      { counts: { total: 6, passed: 6, failed: 0, skipped: 0, flaky: 0 } },
    );
    run.nodeCompleted("api", { status: "skipped", cause: "dependency", reason: "no" });
    expect(fold(run).done).toMatchObject({ nodes: 3, notPassed: 0, skipped: 1, counts: { total: 6 } });
  });

  it("skips event types that a newer version may send", () => {
    const run = script();
    const [started] = run.events;
    const unknown = { ...started, type: "service_started" } as unknown as (typeof run.events)[number];
    const view = fold(run);
    expect(applyEvent(view, unknown)).toEqual(view);
  });
});

describe("RunFold", () => {
  it("comes to the same as one event after the other, and leaves what it was begun with alone", () => {
    const { events } = script()
      .layerStarted("fast")
      .nodeStarted("smoke")
      .tests("smoke", [failing("breaks")])
      .nodeCompleted("smoke", { status: "failed", reason: "1 of 1 tests failed" })
      .nodeStarted("unit")
      .event({ type: "node_started", nodeId: "extra", layerId: "fast" })
      .layerStarted("core")
      .nodeStarted("api");
    const half = events.slice(0, 6).reduce(applyEvent, emptyRunView);
    const before = structuredClone(half);
    const whole = new RunFold(half);
    for (const event of events.slice(6)) whole.apply(event);
    expect(whole.view).toEqual(events.reduce(applyEvent, emptyRunView));
    expect(half).toEqual(before);
    expect(emptyRunView.layers.size + emptyRunView.running.size).toBe(0);
  });
});
