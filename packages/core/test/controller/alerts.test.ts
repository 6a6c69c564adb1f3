import { describe, expect, it } from "vitest";
import {
  AlertEvaluator,
  alertMetrics,
  type AlertRule,
  parseAlertRule,
  replayAlerts,
} from "../../src/controller/alerts.ts";
import type { RunEvent, RunEventBody } from "../../src/events/run-event.ts";
import type { Outcome } from "../../src/outcome.ts";
import { noTests, type TestCounts } from "../../src/test-result.ts";

/** A run's events, ten seconds apart; the first one starts the run. */
function record(...bodies: readonly RunEventBody[]): RunEvent[] {
  const startMs = Date.parse("2026-01-31T12:00:00.000Z");
  return [runStarted, ...bodies].map((body, index) => ({
    version: 1,
    seq: index + 1,
    at: new Date(startMs + index * 10_000).toISOString(),
    runId: "r1",
    ...body,
  }));
}

const runStarted: RunEventBody = {
  type: "run_started",
  plan: {
    version: 1,
    environment: "test",
    projectRoot: "/project",
    layers: [],
    leftOut: [],
    nodes: [],
    maxParallel: 4,
    failurePolicy: "continue",
    notes: [],
  },
};
const down = {
  type: "service_outage_started",
  service: "db",
  lastUpAt: "2026-01-31T12:00:00.000Z",
  reason: "",
} as const;
const upAgain = { ...down, type: "service_outage_ended", durationMs: 5 } as const;
const passed: Outcome = { status: "passed" };
const failed: Outcome = { status: "failed", reason: "no" };
const nodeEnded = (
  outcome: Outcome,
  more: { counts?: TestCounts; flaky?: boolean; keptFrom?: string; slaBreaches?: { what: string }[] } = {},
): RunEventBody => ({
  type: "node_completed",
  nodeId: "n",
  layerId: "fast",
  outcome,
  durationMs: 0,
  attempts: 1,
  counts: noTests,
  flaky: false,
  ...more,
});
const nodeStarted: RunEventBody = { type: "node_started", nodeId: "n", layerId: "fast" };
const retrying: RunEventBody = { type: "node_retrying", nodeId: "n", attempt: 1, outcome: failed, delayMs: 0 };
const output: RunEventBody = { type: "output", nodeId: "n", attempt: 1, text: "…" };
const sample = (more: Partial<Extract<RunEventBody, { type: "resource_sampled" }>>): RunEventBody => ({
  type: "resource_sampled",
  cpuPercent: 0,
  memoryBytes: 0,
  queueDepth: 0,
  running: 0,
  ...more,
});

function ruleOf(text: string, notify: readonly string[] = []): AlertRule {
  const parsed = parseAlertRule(text, notify);
  if ("problem" in parsed) throw new Error(`${text}: ${parsed.problem.message}`);
  return parsed.rule;
}

/** What a rule does over a run: `+` and the event's number when raised, `-` when cleared. */
function courseOf(text: string, ...bodies: readonly RunEventBody[]): string {
  return replayAlerts([ruleOf(text)], record(...bodies))
    .map(({ kind, seq }) => `${kind === "raised" ? "+" : "-"}${seq}`)
    .join(" ");
}

describe("an alert rule", () => {
  it("is read with its text, its audience and its condition", () => {
    expect(parseAlertRule("failure_rate > 0.2", ["slack"])).toEqual({
      rule: {
        when: "failure_rate > 0.2",
        notify: ["slack"],
        condition: [{ metric: "failure_rate", operator: ">", limit: 0.2 }],
      },
    });
  });

  it.each([
    ["flaky>0", "flaky>0"],
    ["flaky>0 AND retries>=3", "flaky>0 retries>=3 and"],
    ["flaky>0 or retries>=3 and running<2", "flaky>0 retries>=3 running<2 and or"],
    ["flaky>0 and retries>=3 or running<2", "flaky>0 retries>=3 and running<2 or"],
    ["(flaky>0 Or retries>=3) and running<2", "flaky>0 retries>=3 or running<2 and"],
    ["((flaky>0) or ((retries>=3 and (running<=2))))", "flaky>0 retries>=3 running<=2 and or"],
    ["flaky==0 or flaky!=1 or cpu_percent > 1e2", "flaky==0 flaky!=1 or cpu_percent>100 or"],
    ["disk_free_gb < .5 and disk_free_gb > -1", "disk_free_gb<0.5 disk_free_gb>-1 and"],
  ])("%s binds as it should", (text, postfix) => {
    const steps = ruleOf(text).condition.map((step) =>
      typeof step === "string" ? step : `${step.metric}${step.operator}${step.limit}`,
    );
    expect(steps.join(" ")).toBe(postfix);
  });

  it.each<[string, number, string, string?]>([
    ["", 0, "the rule is empty", "write a comparison such as failure_rate > 0.2"],
    ["   ", 0, "the rule is empty", "write a comparison such as failure_rate > 0.2"],
    ["faliure_rate > 0.2", 0, 'there is no metric "faliure_rate"', 'did you mean "failure_rate"?'],
    ["flaky > 0 and Retries > 1", 14, 'there is no metric "Retries"', 'did you mean "retries"?'],
    ["xyzzy > 1", 0, 'there is no metric "xyzzy"', `known: ${Object.keys(alertMetrics).join(", ")}`],
    ["constructor > 1", 0, 'there is no metric "constructor"', `known: ${Object.keys(alertMetrics).join(", ")}`],
    ["0.2 < flaky", 0, 'expected a metric, found "0.2"', "write a comparison such as failure_rate > 0.2"],
    ["flaky > 0 and", 13, "expected a metric, the rule ends", "write a comparison such as failure_rate > 0.2"],
    ["flaky > 0 or or", 13, 'expected a metric, found "or"', "write a comparison such as failure_rate > 0.2"],
    ["()", 1, 'expected a metric, found ")"', "write a comparison such as failure_rate > 0.2"],
    ["flaky", 5, "expected a comparison after flaky, the rule ends", "known: >, >=, <, <=, ==, !="],
    ["flaky is 3", 6, 'expected a comparison after flaky, found "is"', "known: >, >=, <, <=, ==, !="],
    ["flaky => 3", 6, 'expected a comparison after flaky, found "=>"', 'did you mean ">="?'],
    ["flaky = 3", 6, 'expected a comparison after flaky, found "="', 'did you mean "=="?'],
    [
      "duration_seconds > 90s",
      19,
      'expected a number after >, found "90s"',
      "duration_seconds: seconds since the run's start, as of the last event; write the number alone",
    ],
    [
      "retries >",
      9,
      "expected a number after >, the rule ends",
      "retries: attempts after the first one, of all nodes; write the number alone",
    ],
    [
      "running > 1e999",
      10,
      'expected a number after >, found "1e999"',
      "running: nodes that have started and not ended; write the number alone",
    ],
    ["failure_rate > 20", 15, "failure_rate is between 0 and 1, never 20", "for 20 % write 0.2"],
    ["success_rate < -1", 15, "success_rate is between 0 and 1, never -1"],
    ["flaky > 0 retries > 1", 10, 'expected "and" or "or", found "retries"'],
    ["flaky > 0 && retries > 1", 10, 'expected "and" or "or", found "&&"', 'did you mean "and"?'],
    ["flaky > 0 )", 10, 'this ")" closes nothing'],
    ["flaky > 0 and (retries > 1", 14, 'this "(" is never closed'],
    ["(flaky > 0 or (retries > 1)", 0, 'this "(" is never closed'],
  ])("%j is refused with the place and the reason", (text, offset, message, hint) => {
    expect(parseAlertRule(text)).toEqual({
      problem: { message, offset, ...(hint === undefined ? {} : { hint }) },
    });
  });

  it("may be nested and long without end", () => {
    const deep = `${"(".repeat(20_000)}flaky > 0${")".repeat(20_000)}`;
    expect(ruleOf(deep).condition).toHaveLength(1);
    const long = Array.from({ length: 2_000 }, (_, index) => `retries == ${index + 1}`).join(" or ");
    expect(courseOf(long, retrying)).toBe("+2");
  });
});

describe("an alert", () => {
  it("is raised once when its rule becomes true, and cleared once when it becomes false", () => {
    const ends = [nodeEnded(failed), nodeEnded(failed), nodeEnded(passed), nodeEnded(passed), nodeEnded(failed)];
    expect(courseOf("failure_rate > 0.5", ...ends)).toBe("+2 -5 +6");
  });

  it("says what held, with numbers, and carries rule, place and time", () => {
    const rule = ruleOf("failure_rate > 0.2", ["slack"]);
    expect(replayAlerts([rule], record(nodeEnded(passed), nodeEnded(failed)))).toEqual([
      {
        kind: "raised",
        rule,
        seq: 3,
        at: "2026-01-31T12:00:20.000Z",
        message: "failure_rate is 0.5, more than 0.2 (failure_rate > 0.2)",
      },
    ]);
  });

  it.each<[string, RunEventBody[], string]>([
    [
      "retries >= 1 and flaky > 0",
      [retrying, nodeEnded(passed, { flaky: true })],
      "retries is 1, at least 1, and flaky is 1, more than 0",
    ],
    ["retries >= 1 or flaky > 0", [retrying], "retries is 1, at least 1"],
    ["(retries > 5 and running < 9) or cpu_percent <= 5", [sample({ cpuPercent: 5 })], "cpu_percent is 5, at most 5"],
    [
      "failure_rate < 0.34",
      [nodeEnded(failed), nodeEnded(passed), nodeEnded(passed)],
      "failure_rate is 0.333, less than 0.34",
    ],
    ["memory_mb > 2048", [sample({ memoryBytes: 3_000_123_456 })], "memory_mb is 3000.12, more than 2048"],
    ["memory_mb > 2048", [sample({ memoryBytes: 2_048_000_001 })], "memory_mb is 2048.000001, more than 2048"],
    ["retries == 1", [retrying], "retries is 1, exactly 1"],
    ["retries != 0", [retrying], "retries is 1, not 0"],
  ])("of %s names only what made it true", (when, bodies, said) => {
    const raised = replayAlerts([ruleOf(when)], record(...bodies)).at(-1);
    expect(raised).toMatchObject({ kind: "raised", message: `${said} (${when})` });
  });

  it.each<[string, RunEventBody[], string]>([
    [
      "failure_rate >= 0",
      [
        nodeEnded({ status: "skipped", cause: "condition", reason: "" }),
        nodeEnded(passed, { keptFrom: "r0" }),
        nodeEnded(passed),
      ],
      "+4",
    ],
    ["success_rate < 1", [nodeEnded({ status: "inconclusive", reason: "" })], "+2"],
    [
      "nodes_failed > 2",
      [
        nodeEnded(failed),
        nodeEnded({ status: "errored", reason: "" }),
        nodeEnded({ status: "timed-out", deadline: "run", limitMs: 1, reason: "" }),
      ],
      "+4",
    ],
    ["nodes_passed > 1", [nodeEnded(passed), nodeEnded(passed, { keptFrom: "r0" })], "+3"],
    ["nodes_skipped > 0", [nodeEnded(passed), nodeEnded({ status: "skipped", cause: "condition", reason: "" })], "+3"],
    [
      "tests_failed >= 3",
      [
        nodeEnded(failed, { counts: { ...noTests, failed: 2 } }),
        nodeEnded(failed, { counts: { ...noTests, failed: 1 } }),
      ],
      "+3",
    ],
    ["tests_passed >= 3", [nodeEnded(passed, { counts: { ...noTests, passed: 3 } })], "+2"],
    ["retries >= 2", [retrying, retrying], "+3"],
    ["flaky > 0", [nodeEnded(passed), nodeEnded(passed, { flaky: true })], "+3"],
    ["running > 0", [nodeStarted, nodeEnded(passed)], "+2 -3"],
    ["queue_depth > 100", [sample({ queueDepth: 101 }), sample({ queueDepth: 100 })], "+2 -3"],
    ["duration_seconds > 20", [output, output, output], "+4"],
    ["cpu_percent > 95", [sample({ cpuPercent: 95 }), sample({ cpuPercent: 96 })], "+3"],
    ["memory_mb > 2048", [sample({ memoryBytes: 2_048_000_000 }), sample({ memoryBytes: 2_049_000_000 })], "+3"],
    ["disk_free_gb < 1", [sample({}), sample({ diskFreeBytes: 999_999_999 }), sample({ diskFreeBytes: 1e9 })], "+3 -4"],
    [
      "agents_lost > 0",
      [
        { type: "agent_health_changed", agent: "a", from: "healthy", to: "lost" },
        { type: "agent_health_changed", agent: "a", from: "lost", to: "healthy" },
      ],
      "+2 -3",
    ],
    [
      "tool_failures > 0",
      [
        { type: "tool_completed", nodeId: "n", attempt: 1, agent: "a", tool: "t", callId: 1, durationMs: 1 },
        {
          type: "tool_completed",
          nodeId: "n",
          attempt: 1,
          agent: "a",
          tool: "t",
          callId: 2,
          durationMs: 1,
          error: "no",
        },
      ],
      "+3",
    ],
    ["service_outages >= 2", [down, upAgain, { ...down, service: "redis" }], "+4"],
    [
      "service_start_seconds > 1",
      [
        { type: "service_state_changed", service: "db", to: "starting" },
        { type: "service_state_changed", service: "db", from: "starting", to: "healthy", durationMs: 1_400 },
      ],
      "+3",
    ],
    ["sla_breaches > 1", [nodeEnded(failed, { slaBreaches: [{ what: "duration" }, { what: "savings" }] })], "+2"],
  ])("of %s comes and goes with the run", (when, bodies, course) => {
    expect(courseOf(when, ...bodies)).toBe(course);
  });

  it.each([
    "failure_rate < 1",
    "success_rate < 1",
    "cpu_percent < 1",
    "memory_mb != 5",
    "queue_depth == 0",
    "disk_free_gb < 9",
    "service_start_seconds < 9",
  ])("of %s is not raised while there is no value", (when) => expect(courseOf(when, nodeStarted, retrying)).toBe(""));

  it("needs both sides of an `and`, one of an `or`", () => {
    expect(courseOf("retries > 0 and flaky > 0", retrying)).toBe("");
    expect(courseOf("retries > 0 and flaky > 0", nodeEnded(passed, { flaky: true }))).toBe("");
    expect(courseOf("cpu_percent > 95 or retries > 1", retrying, retrying)).toBe("+3");
    expect(courseOf("(cpu_percent > 95 or retries > 0) and running > 0", retrying, nodeStarted)).toBe("+3");
  });

  it("is told for each rule by itself, in the order of the rules", () => {
    const rules = [ruleOf("retries > 1"), ruleOf("retries > 0"), ruleOf("running > 0"), ruleOf("retries >= 2")];
    const changes = replayAlerts(rules, record(retrying, retrying, nodeStarted));
    expect(changes.map(({ rule, seq }) => `${seq}: ${rule.when}`)).toEqual([
      "2: retries > 0",
      "3: retries > 1",
      "3: retries >= 2",
      "4: running > 0",
    ]);
  });

  it("takes no notice of alerts, so that it cannot feed on itself", () => {
    const evaluator = new AlertEvaluator([ruleOf("duration_seconds >= 10")]);
    const [start, raised, cleared, last] = record(
      { type: "alert_raised", rule: "duration_seconds >= 10", message: "", notify: [] },
      { type: "alert_cleared", rule: "duration_seconds >= 10" },
      output,
    ) as [RunEvent, RunEvent, RunEvent, RunEvent];
    expect([start, raised, cleared].map((event) => evaluator.onEvent(event))).toEqual([[], [], []]);
    expect(evaluator.onEvent(last)).toHaveLength(1);
  });

  it("is the same live and replayed", () => {
    const rules = [ruleOf("failure_rate > 0.4"), ruleOf("running > 0 or duration_seconds > 60")];
    const events = record(nodeStarted, nodeEnded(failed), nodeEnded(passed), nodeEnded(passed), output, output, output);
    const evaluator = new AlertEvaluator(rules);
    const live = events.flatMap((event) => evaluator.onEvent(event));
    expect(live.length).toBeGreaterThan(3);
    expect(replayAlerts(rules, events)).toEqual(live);
  });
});
