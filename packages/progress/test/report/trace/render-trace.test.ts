import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRunReport } from "../../../src/report/create-run-report.ts";
import { mergeRunReports } from "../../../src/report/merge-run-reports.ts";
import { renderReport } from "../../../src/report/render-report.ts";
import { EventScript, scriptPlan, scriptTest } from "../../event-script.ts";
import { failingRun } from "../../runs.ts";
import { brokenByOutage, quickStart, restart, serviceRun } from "../../service-run.ts";
import { shopRun } from "../shop-run.ts";
import { checkTrace, type ReadEvent } from "./check-trace.ts";

/** The trace of a run, which must be one. */
function traceOf(report: Parameters<typeof renderReport>[0]): readonly ReadEvent[] {
  const { events, problems } = checkTrace(renderReport(report, "trace"));
  expect(problems).toEqual([]);
  return events;
}

/** Tests that are told one by one, each `gapMs` after the one before; the first of them fails. */
function timedRun(
  tests: number,
  { gapMs, durationMs }: { readonly gapMs: number; readonly durationMs: number },
): EventScript {
  const script = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]))
    .layerStarted("fast")
    .nodeStarted("unit");
  for (let index = 0; index < tests; index += 1) {
    script
      .wait(gapMs)
      .tests("unit", [scriptTest(`works ${index}`, { durationMs, status: index === 0 ? "failed" : "passed" })]);
  }
  return script.nodeCompleted("unit").layerCompleted("fast").runCompleted();
}

describe("the trace", () => {
  it("has a span for each layer, node, attempt and test that ran, in microseconds", async () => {
    const report = createRunReport(await shopRun());
    const spans = traceOf(report).filter(({ ph }) => ph === "X");
    const ran = report.tests.filter(({ status }) => status !== "skipped" && status !== "todo");
    expect(spans).toHaveLength(report.timeline.length + ran.length);
    expect(spans.find(({ name }) => name === "unit")).toMatchObject({ ts: 4_000_000, dur: 21_000_000, cat: "node" });
    expect(spans.find(({ name }) => name === "websocket")?.args).toMatchObject({
      outcome: "timed-out",
      event: expect.stringMatching(/^e\d+$/),
    });
    expect(spans.find(({ name }) => name.endsWith("adds up"))).toMatchObject({
      cat: "test",
      dur: 812_000,
      args: { status: "failed", file: "test/checkout.test.ts:77", message: 'expected "12,50 €" to be "12.50 €"' },
    });
  });

  it("is, for a small run, exactly this", () => {
    const report = createRunReport(
      new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories: ["unit"] }]))
        .layerStarted("fast")
        .nodeStarted("unit")
        .wait(20)
        .event({
          type: "process_sampled",
          nodeId: "unit",
          attempt: 1,
          processes: 2,
          memoryBytes: 4_096,
          cpuPercent: 50,
        })
        .tests("unit", [scriptTest("adds", { status: "failed", message: "no\nway", line: 3 })])
        .nodeCompleted("unit", { status: "failed", reason: "1 of 1 tests failed" })
        .layerCompleted("fast", { status: "failed", reason: "unit failed" })
        .runCompleted({ status: "failed", reason: "Fast failed" }, 1).events,
    );
    traceOf(report);
    expect(renderReport(report, "trace")).toMatchInlineSnapshot(`
      "{"displayTimeUnit":"ms","otherData":{"from":"2026-01-31T14:25:00.000Z"},"traceEvents":[
      {"ph":"M","name":"process_name","pid":1,"tid":0,"ts":0,"args":{"name":"apex 20260131-142500-abc123"}},
      {"ph":"M","name":"thread_name","pid":1,"tid":1,"ts":0,"args":{"name":"layers"}},
      {"ph":"M","name":"thread_sort_index","pid":1,"tid":1,"ts":0,"args":{"sort_index":1}},
      {"ph":"M","name":"thread_name","pid":1,"tid":1000,"ts":0,"args":{"name":"lane 1"}},
      {"ph":"M","name":"thread_sort_index","pid":1,"tid":1000,"ts":0,"args":{"sort_index":1000}},
      {"ph":"X","name":"Fast","cat":"layer","pid":1,"tid":1,"ts":0,"dur":20000,"args":{"outcome":"failed","reason":"unit failed","event":"e2"}},
      {"ph":"X","name":"unit","cat":"node","pid":1,"tid":1000,"ts":0,"dur":20000,"args":{"outcome":"failed","reason":"1 of 1 tests failed","event":"e3"}},
      {"ph":"X","name":"unit attempt 1","cat":"attempt","pid":1,"tid":1000,"ts":0,"dur":20000,"args":{"outcome":"no end is recorded","event":"e4"}},
      {"ph":"X","name":"Cart > adds","cat":"test","pid":1,"tid":1000,"ts":8000,"dur":12000,"args":{"status":"failed","event":"e6","file":"test/cart.test.ts:3","message":"no way"}},
      {"ph":"C","name":"CPU of unit","pid":1,"tid":0,"ts":20000,"args":{"percent":50}},
      {"ph":"C","name":"memory of unit","pid":1,"tid":0,"ts":20000,"args":{"bytes":4096}},
      {"ph":"C","name":"CPU of unit","pid":1,"tid":0,"ts":20000,"args":{"percent":0}},
      {"ph":"C","name":"memory of unit","pid":1,"tid":0,"ts":20000,"args":{"bytes":0}}
      ]}
      "
    `);
  });

  it("has tests that ran side by side in rows of their own, and says how many have no room", () => {
    const beside = traceOf(createRunReport(timedRun(8, { gapMs: 10, durationMs: 35 }).events));
    const rows = new Set(beside.filter(({ cat }) => cat === "test").map(({ tid }) => tid));
    expect(rows.size).toBe(4);
    const late = traceOf(createRunReport(lateReport(100).events));
    expect(late.filter(({ cat }) => cat === "test")).toHaveLength(16);
    expect(late.find(({ cat }) => cat === "attempt")?.args).toMatchObject({ "tests without a row": 84 });
    expect(late.filter(({ cat, args }) => cat === "test" && args["status"] === "failed")).toHaveLength(1);
  });

  it("stays one with any order of ends, clocks that are set back and attempts that are given up on", () => {
    const step = fc.record({
      node: fc.constantFrom("a", "b", "c"),
      what: fc.constantFrom("start", "retry", "test", "end attempt", "end", "sample"),
      waitMs: fc.oneof(
        { weight: 8, arbitrary: fc.nat({ max: 50 }) },
        { weight: 1, arbitrary: fc.integer({ min: -40, max: -1 }) },
      ),
      durationMs: fc.nat({ max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isWhole) => {
        const script = new EventScript(scriptPlan([{ id: "fast", categories: ["a", "b", "c"] }])).layerStarted("fast");
        const attempts = new Map<string, number>();
        const ended = new Set<string>();
        for (const { node, what, waitMs, durationMs } of steps) {
          script.wait(waitMs);
          const attempt = attempts.get(node) ?? 0;
          if (ended.has(node) || (attempt === 0) !== (what === "start")) continue;
          if (what === "start" || what === "retry") {
            attempts.set(node, attempt + 1);
            script.nodeStarted(node, attempt + 1);
          } else if (what === "test") {
            script.tests(node, [scriptTest(`works ${durationMs}`, { durationMs })], attempt);
          } else if (what === "sample") {
            script.event({
              type: "process_sampled",
              nodeId: node,
              attempt,
              processes: 1,
              memoryBytes: 1,
              cpuPercent: 1,
            });
          } else if (what === "end attempt") {
            const outcome = { status: "passed" } as const;
            script.event({ type: "agent_completed", nodeId: node, attempt, agent: "x", outcome, durationMs: 1 });
          } else {
            ended.add(node);
            script.nodeCompleted(node, { status: "passed" }, { attempts: attempt });
          }
        }
        if (isWhole) script.layerCompleted("fast").runCompleted();
        const { problems } = checkTrace(renderReport(createRunReport(script.events), "trace"));
        expect(problems).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("counts what the machine gave, and what each node took until its end", async () => {
    const report = createRunReport(await shopRun());
    const events = traceOf(report);
    expect(events.filter(({ ph, name }) => ph === "C" && name === "nodes").length).toBe(report.samples.length);
    expect(report.samples.length).toBeGreaterThan(2);
    const script = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]))
      .layerStarted("fast")
      .nodeStarted("unit");
    for (let index = 0; index < 10_000; index += 1) {
      const sample = { processes: 3, memoryBytes: 1_000 + index, cpuPercent: 150 };
      script.wait(100).event({ type: "process_sampled", nodeId: "unit", attempt: 1, ...sample });
    }
    const sampled = traceOf(createRunReport(script.nodeCompleted("unit").layerCompleted("fast").runCompleted().events));
    const memory = sampled.filter(({ name }) => name === "memory of unit");
    expect(memory.length).toBeGreaterThan(500);
    expect(memory.length).toBeLessThanOrEqual(1_001);
    expect(memory[0]?.args).toEqual({ bytes: 1_000 });
    expect(memory.at(-1)).toMatchObject({ ts: 1_000_000_000, args: { bytes: 0 } });
    const gaps = new Set(memory.slice(0, -1).map(({ ts }, index, all) => ts - (all[index - 1]?.ts ?? ts - 1_600_000)));
    expect(gaps).toEqual(new Set([1_600_000]));
  });

  it("has outages of services across the nodes", async () => {
    const during = { core: restart(500, "2026-01-31T12:00:02.000Z") };
    const events = traceOf(createRunReport(await serviceRun({ before: { core: quickStart }, during }, brokenByOutage)));
    const outage = events.filter(({ cat }) => cat === "outage");
    expect(outage).toMatchObject([
      { ph: "b", name: "postgresql is down", args: { reason: "ECONNREFUSED 127.0.0.1:55123" } },
      { ph: "e", name: "postgresql is down" },
    ]);
    expect((outage[1]?.ts ?? 0) - (outage[0]?.ts ?? 0)).toBe(2_300_000);
  });

  it("has a process for each run of several, on one time scale", async () => {
    const reports = [createRunReport(await shopRun()), createRunReport(failingRun().events)];
    const events = traceOf(mergeRunReports(reports));
    const processes = events.filter(({ name }) => name === "process_name").map(({ args }) => args["name"]);
    expect(processes).toEqual(["apex 20260131-120000-5h0p", "apex 20260131-142500-abc123"]);
    const shiftUs = (Date.parse("2026-01-31T14:25:00Z") - Date.parse(reports[0]?.from ?? "")) * 1_000;
    expect(events.find(({ cat, pid }) => cat === "test" && pid === 2)?.ts).toBeGreaterThanOrEqual(shiftUs);
  });

  it("holds fifty thousand tests", () => {
    const events = traceOf(createRunReport(timedRun(50_000, { gapMs: 2, durationMs: 5 }).events));
    expect(events.filter(({ cat }) => cat === "test")).toHaveLength(50_000);
  }, 60_000);
});

/** A framework that tells of all its tests when they are over. */
function lateReport(tests: number): EventScript {
  const all = Array.from({ length: tests }, (_, index) =>
    scriptTest(`works ${index}`, { durationMs: 500, status: index === tests - 1 ? "failed" : "passed" }),
  );
  return new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]))
    .layerStarted("fast")
    .nodeStarted("unit")
    .wait(1_000)
    .tests("unit", all)
    .nodeCompleted("unit")
    .layerCompleted("fast")
    .runCompleted();
}
