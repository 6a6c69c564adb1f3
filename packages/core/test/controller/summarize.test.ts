import { describe, expect, it } from "vitest";
import { mergeSummaries, RunTotals, summarizeRun } from "../../src/controller/summarize.ts";
import type { RunEvent, RunEventBody, RunSummary } from "../../src/events/run-event.ts";
import type { Outcome } from "../../src/outcome.ts";
import type { Plan, PlanNode } from "../../src/plan/plan.ts";
import { noTests, type TestCounts } from "../../src/test-result.ts";

const startMs = Date.parse("2026-01-31T12:00:00.000Z");

/** A run's events; each is said with its milliseconds after the start. */
function record(...timed: readonly (readonly [atMs: number, body: RunEventBody])[]): RunEvent[] {
  return timed.map(([atMs, body], index) => ({
    version: 1,
    seq: index + 1,
    at: new Date(startMs + atMs).toISOString(),
    runId: "r1",
    ...body,
  }));
}

function nodes(...ids: string[]): PlanNode[] {
  const backoff = { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" } as const;
  const retry = { maxAttempts: 2, on: [], backoff };
  return ids.map((id) => ({ id, layerId: "fast", agent: "rig", input: {}, needs: [], retry, exclusive: false }));
}

function started(...ids: string[]): RunEventBody {
  const plan: Plan = {
    version: 1,
    environment: "test",
    projectRoot: "/project",
    layers: [],
    leftOut: [],
    nodes: nodes(...ids),
    maxParallel: 4,
    failurePolicy: "continue",
    notes: [],
  };
  return { type: "run_started", plan };
}

const nodeStarted = (nodeId: string): RunEventBody => ({ type: "node_started", nodeId, layerId: "fast" });
const nodeEnded = (
  nodeId: string,
  outcome: Outcome,
  more: { counts?: TestCounts; keptFrom?: string; attempts?: number } = {},
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
const agentStarted = (nodeId: string, attempt = 1): RunEventBody => ({
  type: "agent_started",
  nodeId,
  attempt,
  agent: "rig",
});
const agentEnded = (nodeId: string, durationMs: number, outcome: Outcome = passed, attempt = 1): RunEventBody => ({
  type: "agent_completed",
  nodeId,
  attempt,
  agent: "rig",
  outcome,
  durationMs,
});

const passed: Outcome = { status: "passed" };
const failed: Outcome = { status: "failed", reason: "unit: 1 of 3 tests failed" };
const held: Outcome = { status: "skipped", cause: "dependency", reason: "needs what did not pass: unit failed" };
const counts = (total: number, failedTests: number): TestCounts => ({
  ...noTests,
  total,
  passed: total - failedTests,
  failed: failedTests,
});

/** Two agents for a while; one node tried twice, one that an agent added, one kept, one held back. */
const whole = record(
  [0, started("unit", "api", "lint", "e2e")],
  [0, nodeEnded("lint", passed, { keptFrom: "r0", attempts: 0, counts: counts(2, 0) })],
  [100, nodeStarted("unit")],
  [100, agentStarted("unit")],
  [100, nodeStarted("api")],
  [100, agentStarted("api")],
  [1_100, agentEnded("unit", 1_000, failed)],
  [1_100, { type: "node_retrying", nodeId: "unit", attempt: 1, outcome: failed, delayMs: 0 }],
  [1_100, agentStarted("unit", 2)],
  [2_100, agentEnded("api", 2_000)],
  [2_100, { type: "plan_extended", by: "api", nodes: nodes("api-extra") }],
  [2_100, nodeEnded("api", passed, { counts: counts(10, 0) })],
  [2_100, nodeStarted("api-extra")],
  [2_100, agentStarted("api-extra")],
  [3_600, agentEnded("api-extra", 1_500)],
  [3_600, nodeEnded("api-extra", passed, { counts: counts(1, 0) })],
  [4_100, agentEnded("unit", 3_000, failed, 2)],
  [4_100, nodeEnded("unit", failed, { counts: counts(3, 1), attempts: 2 })],
  [4_100, nodeEnded("e2e", held, { attempts: 0 })],
  [
    4_200,
    {
      type: "run_completed",
      summary: {
        outcome: failed,
        exitCode: 1,
        durationMs: 4_199.5,
        counts: { total: 16, passed: 15, failed: 1, skipped: 0, flaky: 0 },
        nodes: { total: 5, passed: 3, notPassed: 1, skipped: 1, kept: 1 },
        retries: 1,
        coordination: {
          efficiency: 0.9375,
          busyMs: 7_500,
          agents: 2,
          wallMs: 4_000,
          formula: "7.5 s busy / (2 agents × 4.0 s) = 93.8 %",
        },
      },
    },
  ],
);

describe("the summary of a recorded run", () => {
  it("is the one that its run_completed tells, counted anew from the events", () => {
    const last = whole.at(-1);
    expect(summarizeRun(whole)).toEqual(last?.type === "run_completed" ? last.summary : undefined);
  });

  it("takes only the outcome and the duration on trust", () => {
    const trusted = summarizeRun(whole);
    const forged = { ...trusted, exitCode: 0, counts: noTests, nodes: { ...trusted.nodes, total: 99 }, retries: 9 };
    const events = record([0, started("a")], [10, { type: "run_completed", summary: forged }]);
    expect(summarizeRun(events)).toMatchObject({
      outcome: failed,
      exitCode: 1,
      durationMs: 4_199.5,
      nodes: { total: 1, skipped: 1 },
      retries: 0,
    });
  });

  it("is inconclusive when the record breaks off, with what never started as skipped and what never ended as not passed", () => {
    const cut = whole.slice(
      0,
      whole.findIndex((event) => event.type === "plan_extended"),
    );
    expect(summarizeRun(cut)).toMatchObject({
      outcome: { status: "inconclusive", reason: "the run was interrupted: 1 of 4 nodes had ended" },
      exitCode: 5,
      durationMs: 2_100,
      nodes: { total: 4, passed: 1, notPassed: 2, skipped: 1, kept: 1 },
      retries: 1,
    });
  });

  it("is inconclusive even without an event", () => {
    expect(summarizeRun([])).toMatchObject({
      outcome: { status: "inconclusive" },
      durationMs: 0,
      nodes: { total: 0, notPassed: 0, skipped: 0 },
    });
  });

  it("has all nodes skipped when the run ended before the first started", () => {
    const totals = new RunTotals();
    for (const event of record([0, started("unit", "api")])) totals.onEvent(event);
    const outcome: Outcome = { status: "errored", reason: "the agent rig could not start" };
    expect(totals.summary({ outcome, durationMs: 5 })).toMatchObject({
      outcome,
      exitCode: 3,
      durationMs: 5,
      nodes: { total: 2, passed: 0, notPassed: 0, skipped: 2 },
    });
  });
});

describe("coordination efficiency", () => {
  const coordinationOf = (...timed: readonly (readonly [number, RunEventBody])[]): RunSummary["coordination"] =>
    summarizeRun(record(...timed)).coordination;

  it("is zero when no agent ran", () => {
    expect(coordinationOf([0, started("unit")])).toEqual({
      efficiency: 0,
      busyMs: 0,
      agents: 0,
      wallMs: 0,
      formula: "no agent ran",
    });
  });

  it("counts the most invocations at one time, not all of them", () => {
    const one = coordinationOf(
      [0, agentStarted("a")],
      [400, agentEnded("a", 400)],
      [600, agentStarted("b")],
      [800, agentEnded("b", 200)],
    );
    expect(one).toEqual({
      efficiency: 0.75,
      busyMs: 600,
      agents: 1,
      wallMs: 800,
      formula: "600 ms busy / (1 agent × 800 ms) = 75.0 %",
    });
  });

  it("is never more than 1, whatever two clocks made of it", () => {
    expect(coordinationOf([0, agentStarted("a")], [100, agentEnded("a", 101)]).efficiency).toBe(1);
    expect(coordinationOf([0, agentStarted("a")], [0, agentEnded("a", 0.4)]).efficiency).toBe(1);
    expect(coordinationOf([0, agentStarted("a")], [-50, agentEnded("a", 3)])).toMatchObject({
      efficiency: 1,
      wallMs: 0,
    });
  });
});

describe("summaries that are merged", () => {
  const summary = (outcome: Outcome, scale = 1): RunSummary => {
    const totals = new RunTotals();
    const ended = nodeEnded("a", outcome, { counts: counts(4 * scale, scale) });
    const events = record(
      [0, started("a", "b")],
      [0, nodeStarted("a")],
      [0, agentStarted("a")],
      [100 * scale, agentEnded("a", 50 * scale)],
      [100 * scale, ended],
    );
    for (const event of events) totals.onEvent(event);
    return totals.summary({ outcome, durationMs: 100 * scale });
  };

  const outcomes: Outcome[] = [
    passed,
    failed,
    { status: "failed", reason: "api: no answer" },
    { status: "timed-out", deadline: "run", limitMs: 10, reason: "too slow" },
    { status: "errored", reason: "docker is not there" },
    { status: "inconclusive", reason: "e2e proves too little" },
    { status: "cancelled", by: "fast-fail", reason: "cancelled because unit failed" },
    { status: "cancelled", by: "person", reason: "cancelled", signal: "SIGTERM" },
    held,
    { status: "skipped", cause: "not-configured", reason: "there is nothing to run" },
  ];

  it("come to the same in whatever grouping", () => {
    const all = outcomes.map((outcome, index) => summary(outcome, index + 1));
    for (const a of all) {
      for (const b of all) {
        for (const c of all) {
          const flat = mergeSummaries([a, b, c]);
          expect(mergeSummaries([mergeSummaries([a, b]), c])).toEqual(flat);
          expect(mergeSummaries([a, mergeSummaries([b, c])])).toEqual(flat);
        }
      }
    }
  });

  it("add up, and last as long as the longest", () => {
    expect(mergeSummaries([summary(passed, 1), summary(passed, 3)])).toEqual({
      outcome: passed,
      exitCode: 0,
      durationMs: 300,
      counts: { total: 16, passed: 12, failed: 4, skipped: 0, flaky: 0 },
      nodes: { total: 4, passed: 2, notPassed: 0, skipped: 2, kept: 0 },
      retries: 0,
      coordination: {
        efficiency: 200 / 600,
        busyMs: 200,
        agents: 2,
        wallMs: 300,
        formula: "200 ms busy / (2 agents × 300 ms) = 33.3 %",
      },
    });
  });

  it.each<[string, Outcome[], Partial<Outcome>, number]>([
    ["a failure over everything else", [passed, ...outcomes.slice(3), failed], failed, 1],
    ["doubt over a pass", [passed, { status: "inconclusive", reason: "why" }], { status: "inconclusive" }, 5],
    ["a pass over what had nothing to run", [passed, outcomes[9] as Outcome], passed, 0],
    [
      "no pass over what was held back",
      [held, passed],
      { status: "inconclusive", reason: "needs what did not pass: unit failed" },
      5,
    ],
    ["nothing over nothing", [held, held], held, 6],
  ])("put %s", (_, parts, outcome, exitCode) => {
    expect(mergeSummaries(parts.map((part) => summary(part)))).toMatchObject({ outcome, exitCode });
  });

  it("keep every reason of one weight once", () => {
    const merged = mergeSummaries([summary(failed), summary(outcomes[2] as Outcome), summary(failed)]);
    expect(merged.outcome).toEqual({ status: "failed", reason: "unit: 1 of 3 tests failed; api: no answer" });
  });

  it("ran nothing when there are none", () => {
    expect(mergeSummaries([])).toMatchObject({
      outcome: { status: "skipped", cause: "not-configured" },
      exitCode: 6,
      nodes: { total: 0 },
    });
  });

  it("are inconclusive when they have not all nodes of the plan, and failed where they were", () => {
    const parts = [summary(passed), summary(passed)];
    expect(mergeSummaries(parts, { expectedNodes: 4 }).outcome).toEqual(passed);
    expect(mergeSummaries(parts, { expectedNodes: 5 })).toMatchObject({
      outcome: { status: "inconclusive", reason: "the plan has 5 nodes, its parts 4" },
      exitCode: 5,
    });
    expect(mergeSummaries([...parts, summary(failed)], { expectedNodes: 5 }).outcome).toEqual(failed);
    expect(mergeSummaries([], { expectedNodes: 1 }).outcome).toMatchObject({ status: "inconclusive" });
  });

  it.each([
    [0, 1],
    [2, 3],
  ])("are inconclusive when a node of the plan has no end, or two (%d skipped)", (skipped, ended) => {
    const part = summary(passed);
    expect(mergeSummaries([{ ...part, nodes: { ...part.nodes, skipped } }], { expectedNodes: 2 }).outcome).toEqual({
      status: "inconclusive",
      reason: `the plan has 2 nodes, its parts tell the end of ${ended}`,
    });
  });
});
