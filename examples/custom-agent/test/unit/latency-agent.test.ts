import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { definePlan } from "@netra-apex/core";
import { assertEventGrammar, describeAgent, mockTool, TestRun } from "@netra-apex/core/testing";
import { createLatencyAgent, type LatencyParts } from "../../src/latency-agent.ts";
import { slowerThanBaseline } from "../../src/slower-than-baseline.ts";

const input = { service: "demo/main.ts", path: "/quotes/0", requests: 4, baseline: "baseline.json" };

// What every agent must keep to, tried with the real service.
describeAgent(
  "latency",
  { create: createLatencyAgent, input, invalidInput: { ...input, requests: 0 } },
  { describe, it },
);

/** A service that knows whether it was stopped, and a baseline of 20 ms: no process, no file. */
function fakeParts() {
  const running = new Set<string>();
  const start: LatencyParts["start"] = async (file) => {
    running.add(file);
    return { url: "http://service.test", stop: async () => void running.delete(file) };
  };
  const baseline = mockTool<{ file: string }, { p50Ms: number }>({
    name: "read_baseline",
    answer: () => ({ p50Ms: 20 }),
  });
  return { running, start, baseline };
}

/** A measurement with a result that is known before. */
const measured = (answer: { durationsMs: number[]; refused: number } | Error) =>
  mockTool<{ url: string; requests: number }, { durationsMs: number[]; refused: number }>({
    name: "measure_latency",
    answer: () => answer,
  });

/** What apex.yaml makes of the two categories: a promise of 30 ms, and what is to run only after a slow measurement. */
const plan = definePlan({
  nodes: [
    { id: "latency", agent: "latency", input, sla: { metrics: { p50_ms: { max: 30 } } } },
    {
      id: "profile",
      agent: "profile",
      when: { outcome: { latency: ["passed", "failed"] }, check: "slower_than_baseline" },
    },
  ],
});

/** Runs the plan on a clock that stands still. */
async function run(parts: Partial<LatencyParts>): Promise<TestRun> {
  const testRun = new TestRun(plan, {
    agents: [createLatencyAgent(parts), { name: "profile", execute: async () => undefined }],
    conditions: { slower_than_baseline: slowerThanBaseline },
  });
  await testRun.settle();
  return testRun;
}

describe("the latency agent", () => {
  it("reports percentiles and the slowdown, and shares them with the run", async () => {
    const { running, ...parts } = fakeParts();
    const measure = measured({ durationsMs: [5, 10, 5, 10], refused: 0 });
    const testRun = await run({ ...parts, measure });

    assert.equal((await testRun.summary).outcome.status, "passed");
    assert.deepEqual(measure.calls, [{ url: "http://service.test/quotes/0", requests: 4 }]);
    const metrics = testRun.all("metric_reported").map(({ name, value }) => [name, value]);
    assert.deepEqual(Object.fromEntries(metrics), { p50_ms: 5, p95_ms: 10, slowdown: 0.25 });
    assert.deepEqual(testRun.all("state_written")[0]?.value, { p50Ms: 5, p95Ms: 10, slowdown: 0.25 });
    assert.equal(testRun.outcomeOf("profile")?.status, "skipped");
    assert.equal(running.size, 0);
    assertEventGrammar(testRun.events);
  });

  it("passes while it is slower than the baseline but keeps its promise, and is profiled", async () => {
    const testRun = await run({ ...fakeParts(), measure: measured({ durationsMs: [25], refused: 0 }) });
    await testRun.summary;
    assert.equal(testRun.outcomeOf("latency")?.status, "passed");
    assert.equal(testRun.outcomeOf("profile")?.status, "passed");
  });

  it("fails by name when it breaks its promise", async () => {
    const testRun = await run({ ...fakeParts(), measure: measured({ durationsMs: [40], refused: 0 }) });
    await testRun.summary;
    assert.deepEqual(testRun.outcomeOf("latency"), {
      status: "failed",
      failureClass: "sla",
      reason: "SLA: p50_ms is 40, more than 30",
    });
  });

  it("fails when the service refuses requests, whatever their speed", async () => {
    const testRun = await run({ ...fakeParts(), measure: measured({ durationsMs: [1], refused: 3 }) });
    await testRun.summary;
    assert.deepEqual(testRun.outcomeOf("latency"), {
      status: "failed",
      reason: "3 of 4 requests to /quotes/0 were refused",
    });
  });

  it("stops the service when a measurement breaks, and when its time is up", async () => {
    const { running, ...parts } = fakeParts();
    const broken = await run({ ...parts, measure: measured(new Error("connection reset")) });
    await broken.summary;
    assert.equal(broken.outcomeOf("latency")?.status, "errored");
    assert.equal(running.size, 0);

    const endless: LatencyParts["measure"] = {
      ...measured(new Error("never answers")),
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const late = await run({ ...parts, measure: endless });
    assert.equal(running.size, 1);
    await late.clock.advance(120_000);
    await late.summary;
    assert.equal(late.outcomeOf("latency")?.status, "timed-out");
    assert.equal(running.size, 0);
  });
});
