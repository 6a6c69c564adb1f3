import { describe, expect, it } from "vitest";
import { type CallStats, type RunMetrics, RunMetricsFold } from "../../src/controller/metrics.ts";
import type { RunEvent, RunEventBody } from "../../src/events/run-event.ts";
import type { Outcome } from "../../src/outcome.ts";
import type { PlanNode } from "../../src/plan/plan.ts";
import { noTests, type TestCounts, type TestStatus } from "../../src/test-result.ts";

/** A run's events, one second apart. */
function record(bodies: readonly RunEventBody[]): RunEvent[] {
  const startMs = Date.parse("2026-01-31T12:00:00.000Z");
  return bodies.map((body, index) => ({
    version: 1,
    seq: index + 1,
    at: new Date(startMs + index * 1_000).toISOString(),
    runId: "r1",
    ...body,
  }));
}

function metricsOf(...bodies: readonly RunEventBody[]): RunMetrics {
  const fold = new RunMetricsFold();
  for (const event of record(bodies)) fold.onEvent(event);
  return fold.snapshot();
}

const passed: Outcome = { status: "passed" };
const failed: Outcome = { status: "failed", reason: "no" };
const timedOut: Outcome = { status: "timed-out", deadline: "attempt", limitMs: 1, reason: "slow" };
const errored: Outcome = { status: "errored", reason: "broke" };
const cancelled: Outcome = { status: "cancelled", by: "person", reason: "enough" };
const inconclusive: Outcome = { status: "inconclusive", reason: "who knows" };
const skipped: Outcome = { status: "skipped", cause: "condition", reason: "not here" };

const node = (id: string): PlanNode => ({
  id,
  layerId: "fast",
  agent: "rig",
  input: {},
  needs: [],
  retry: { maxAttempts: 1, on: [], backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" } },
  exclusive: false,
});
const runStarted = (...ids: string[]): RunEventBody => ({
  type: "run_started",
  plan: {
    version: 1,
    environment: "test",
    projectRoot: "/project",
    layers: [],
    leftOut: [],
    nodes: ids.map(node),
    maxParallel: 4,
    failurePolicy: "continue",
    notes: [],
  },
});
const nodeStarted = (nodeId: string): RunEventBody => ({ type: "node_started", nodeId, layerId: "fast" });
const nodeEnded = (
  nodeId: string,
  outcome: Outcome,
  more: { counts?: TestCounts; flaky?: boolean; keptFrom?: string; slaBreaches?: { what: string }[] } = {},
): RunEventBody => ({
  type: "node_completed",
  nodeId,
  layerId: "fast",
  outcome,
  durationMs: 0,
  attempts: 1,
  counts: noTests,
  flaky: false,
  ...more,
});
const attempt = (nodeId: string, durationMs: number, outcome: Outcome, agent = "rig"): RunEventBody => ({
  type: "agent_completed",
  nodeId,
  attempt: 1,
  agent,
  outcome,
  durationMs,
});
const toolCall = (tool: string, durationMs: number, error?: string): RunEventBody => ({
  type: "tool_completed",
  nodeId: "unit",
  attempt: 1,
  agent: "rig",
  tool,
  callId: 1,
  durationMs,
  ...(error === undefined ? {} : { error }),
});
const sample = (cpuPercent: number, memoryBytes: number, queueDepth: number, diskFreeBytes?: number): RunEventBody => ({
  type: "resource_sampled",
  cpuPercent,
  memoryBytes,
  queueDepth,
  running: 0,
  ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }),
});

describe("the metrics of a run", () => {
  it("count nodes by outcome, and rate those that ran: neither skipped nor kept", () => {
    const { nodes } = metricsOf(
      runStarted("a", "b", "c", "d", "e"),
      { type: "plan_extended", by: "a", nodes: [node("f"), node("g"), node("h")] },
      nodeEnded("a", passed, { flaky: true }),
      nodeEnded("b", passed, { keptFrom: "r0" }),
      nodeEnded("c", failed, { slaBreaches: [{ what: "duration" }, { what: "savings" }] }),
      nodeEnded("d", timedOut),
      nodeEnded("e", errored),
      nodeEnded("f", cancelled),
      nodeEnded("g", inconclusive),
      nodeEnded("h", skipped),
    );
    expect(nodes).toEqual({
      planned: 8,
      byOutcome: { passed: 2, failed: 1, "timed-out": 1, cancelled: 1, skipped: 1, errored: 1, inconclusive: 1 },
      kept: 1,
      flaky: 1,
      running: 0,
      peakRunning: 0,
      successRate: 1 / 6,
      failureRate: 3 / 6,
      slaBreaches: 2,
    });
  });

  it("have no rates, samples or queue before there is any", () => {
    const metrics = metricsOf(runStarted("a"), nodeStarted("a"));
    expect(Object.keys(metrics.nodes)).not.toContain("successRate");
    expect(Object.keys(metrics.nodes)).not.toContain("failureRate");
    expect(Object.keys(metrics)).not.toContain("resources");
    expect(Object.keys(metrics)).not.toContain("queueDepth");
    expect(new RunMetricsFold().snapshot()).toMatchObject({ durationMs: 0, events: { total: 0, byType: {} } });
  });

  it("know how many nodes run, and how many did at most; one that never started is not taken off", () => {
    const { nodes } = metricsOf(
      nodeStarted("a"),
      nodeStarted("b"),
      nodeEnded("never", skipped),
      nodeStarted("c"),
      nodeEnded("a", passed),
      nodeEnded("b", passed),
    );
    expect(nodes).toMatchObject({ running: 1, peakRunning: 3 });
  });

  it("tell durations and success by node, by agent and by tool", () => {
    const metrics = metricsOf(
      attempt("unit", 300, failed),
      attempt("unit", 100, passed),
      attempt("api", 50, cancelled, "other"),
      toolCall("run_process", 10),
      toolCall("run_process", 30, "ENOENT"),
    );
    expect(metrics.byNode["unit"]).toEqual({
      count: 2,
      failures: 1,
      successRate: 0.5,
      totalMs: 400,
      minMs: 100,
      maxMs: 300,
      p50Ms: 100,
      p95Ms: 300,
    });
    expect(metrics.byAgent).toMatchObject({ rig: { count: 2 }, other: { count: 1, failures: 0, successRate: 0 } });
    expect(metrics.byTool).toMatchObject({ run_process: { count: 2, failures: 1, successRate: 0.5, totalMs: 40 } });
  });

  it("take percentiles of the latest thousand, and extremes of all", () => {
    const ms = [...Array.from({ length: 500 }, () => 90_000), ...Array.from({ length: 1_000 }, (_, at) => at + 1)];
    const stats = metricsOf(...ms.map((durationMs) => toolCall("t", durationMs))).byTool["t"] as CallStats;
    expect(stats).toMatchObject({ count: 1_500, minMs: 1, maxMs: 90_000, p50Ms: 500, p95Ms: 950 });
  });

  it("keep names apart that mean something to JavaScript", () => {
    const { byNode } = metricsOf(attempt("__proto__", 1, passed), attempt("constructor", 2, passed));
    expect(Object.keys(byNode)).toEqual(["__proto__", "constructor"]);
  });

  it("count the tests of ended nodes, and all that were reported, by status", () => {
    const test = (status: TestStatus): RunEventBody => ({
      type: "test_completed",
      nodeId: "unit",
      attempt: 1,
      test: { id: "t", name: "t", suites: [], durationMs: 1, status },
    });
    const { tests } = metricsOf(
      test("passed"),
      test("errored"),
      test("passed"),
      test("todo"),
      nodeEnded("a", passed, { counts: { total: 3, passed: 2, failed: 0, skipped: 1, flaky: 1 } }),
      nodeEnded("b", failed, { counts: { total: 2, passed: 0, failed: 2, skipped: 0, flaky: 0 } }),
    );
    expect(tests).toEqual({
      counts: { total: 5, passed: 2, failed: 2, skipped: 1, flaky: 1 },
      reported: { passed: 2, failed: 0, skipped: 0, todo: 1, errored: 1 },
    });
  });

  it("hold the last resource sample and the worst of each number", () => {
    const metrics = metricsOf(sample(50, 900, 7), sample(80, 700, 2, 3_000), sample(10, 800, 4, 9_000));
    expect(metrics).toMatchObject({ queueDepth: 4, peakQueueDepth: 7 });
    expect(metrics.resources).toEqual({
      samples: 3,
      last: { cpuPercent: 10, memoryBytes: 800, diskFreeBytes: 9_000 },
      peak: { cpuPercent: 80, memoryBytes: 900, diskFreeBytes: 3_000 },
    });
  });

  it("count messages by what became of them, and know who is lost and which alerts stand", () => {
    const health = (agent: string, to: "lost" | "healthy"): RunEventBody => ({
      type: "agent_health_changed",
      agent,
      from: "healthy",
      to,
    });
    const delivered = (status: "delivered" | "failed" | "timed-out" | "refused"): RunEventBody => ({
      type: "message_delivered",
      messageId: 1,
      agent: "a",
      status,
      durationMs: 1,
    });
    const raised = (rule: string): RunEventBody => ({ type: "alert_raised", rule, message: "", notify: [] });
    const metrics = metricsOf(
      {
        type: "message_sent",
        messageId: 1,
        from: "rig",
        pattern: "broadcast",
        topic: "status",
        to: ["a", "b", "c", "d"],
        priority: 3,
      },
      delivered("delivered"),
      delivered("failed"),
      delivered("timed-out"),
      delivered("refused"),
      health("a", "lost"),
      health("b", "lost"),
      health("a", "healthy"),
      raised("retries > 1"),
      raised("flaky > 0"),
      { type: "alert_cleared", rule: "retries > 1" },
      raised("retries > 1"),
      { type: "alert_cleared", rule: "flaky > 0" },
    );
    expect(metrics.messages).toEqual({ sent: 1, delivered: 1, undelivered: 3 });
    expect(metrics.lostAgents).toEqual(["b"]);
    expect(metrics.alerts).toEqual({ raised: 3, active: ["retries > 1"] });
  });

  it("tell what services took to come up, how often they went down, and which are down now", () => {
    const state = { type: "service_state_changed", service: "__proto__", to: "healthy" } as const;
    const down = { type: "service_outage_started", lastUpAt: "2026-01-31T12:00:00.000Z", reason: "" } as const;
    const { services } = metricsOf(
      { ...state, durationMs: 1_400 },
      { ...state, durationMs: 900 },
      { type: "service_state_changed", service: "foreign", to: "running-unchecked" },
      { ...down, service: "redis" },
      { ...down, service: "db" },
      { ...down, type: "service_outage_ended", service: "redis", durationMs: 5 },
      { ...down, service: "redis" },
      { ...down, type: "service_outage_ended", service: "redis", durationMs: 5 },
    );
    expect({ ...services, startMs: Object.entries(services.startMs) }).toEqual({
      outages: 3,
      down: ["db"],
      startMs: [["__proto__", 1_400]],
    });
  });

  it("tell time and events as they were recorded", () => {
    const metrics = metricsOf(runStarted("a"), nodeStarted("a"), nodeStarted("b"), {
      type: "node_retrying",
      nodeId: "a",
      attempt: 1,
      outcome: failed,
      delayMs: 0,
    });
    expect(metrics).toMatchObject({
      durationMs: 3_000,
      retries: 1,
      events: { total: 4, byType: { run_started: 1, node_started: 2, node_retrying: 1 } },
    });
  });

  it("are a copy that survives JSON and that later events do not change", () => {
    const fold = new RunMetricsFold();
    const [first, ...rest] = record([
      sample(50, 900, 7),
      nodeStarted("a"),
      attempt("a", 5, passed),
      nodeEnded("a", passed),
      sample(60, 990, 8),
      { type: "alert_raised", rule: "running > 0", message: "", notify: [] },
    ]) as [RunEvent, ...RunEvent[]];
    fold.onEvent(first);
    const early = fold.snapshot();
    const written = JSON.stringify(early);
    for (const event of rest) fold.onEvent(event);
    expect(JSON.stringify(early)).toBe(written);
    expect(JSON.parse(JSON.stringify(fold.snapshot()))).toEqual(fold.snapshot());
    expect(fold.snapshot()).not.toEqual(early);
  });
});
