import { countTests, type RunEvent } from "@netra-apex/core";
import { assertEventGrammar } from "@netra-apex/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { ReportError } from "../../src/report/report-error.ts";
import type { EventRef, RunReport } from "../../src/report/run-report.ts";
import { scriptTest } from "../event-script.ts";
import { categoryNode, playRun, shopPlan } from "./played-run.ts";
import { shopRun } from "./shop-run.ts";

let events: RunEvent[];
let report: RunReport;
beforeAll(async () => {
  events = await shopRun();
  assertEventGrammar(events);
  report = createRunReport(events);
});

const nodeOf = (id: string) => report.nodes.find((node) => node.id === id);
const criterion = (id: string, of = report) => of.verdict.criteria.find((one) => one.id === id);
const eventAt = ({ seq }: EventRef) => events.find((event) => event.seq === seq);

describe("createRunReport", () => {
  it("tells where, when and of what the run was", () => {
    expect(report).toMatchObject({ version: 1, from: "2026-01-31T12:00:00.000Z", to: "2026-01-31T12:01:25.000Z" });
    expect(report.runs).toMatchObject([
      {
        environment: "test",
        command: ["run", "--mode", "nightly"],
        host: { cpus: 8, ci: "GitHub Actions" },
        code: { commit: "4ac92c7d1e", branch: "main", isDirty: true },
        isComplete: true,
        notes: ["e2e_background is left out: the config does not mention it"],
      },
    ]);
    expect(eventAt(report.runs[0]?.code as EventRef)?.type).toBe("inputs_identified");
  });

  it("is no pass where nothing had anything to run", async () => {
    const skip = { cause: "not-configured" as const, reason: "not configured" };
    const layers = [{ id: "fast", nodes: [categoryNode("unit", { skip })] }];
    for (const plan of [shopPlan(layers), shopPlan([])]) {
      const empty = createRunReport(await playRun(plan, {}));
      expect(empty.verdict).toMatchObject({ holds: false, exitCode: 6 });
      expect(criterion("nodes-passed", empty)?.status).toBe("not-met");
      expect(renderReport(empty, "markdown")).toMatch(/^# Run \S+: skipped$/m);
      expect(renderReport(empty, "html")).not.toContain("✓ passed");
    }
  });

  it("survives JSON as it is", () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("has each test once, as it ended last, with what it said before", () => {
    expect(report.tests).toHaveLength(report.summary.counts.total);
    expect(countTests(report.tests)).toEqual(report.summary.counts);
    expect(report.tests.find(({ name }) => name === "reconnects")).toMatchObject({
      status: "passed",
      flaky: true,
      attempt: 2,
      earlier: [{ attempt: 1, message: "expected 2 connections, got 1" }],
    });
    expect(report.flakyTests.map(({ title }) => title)).toEqual([
      "Pool > reconnects",
      "Orders > retries within the framework",
    ]);
    expect(report.slowestTests[0]?.title).toBe("Orders > retries within the framework");
  });

  it("computes its verdict from criteria, each with the events that carry it", () => {
    expect(report.verdict).toMatchObject({ holds: false, exitCode: 1, outcome: { status: "failed" } });
    const statuses = Object.fromEntries(report.verdict.criteria.map(({ id, status }) => [id, status]));
    expect(statuses).toEqual({
      recorded: "met",
      "nodes-ended": "met",
      "nodes-passed": "not-met",
      "tests-passed": "not-met",
      "tests-told": "met",
      "budget:fast_feedback": "met",
      "budget:core_integration": "not-met",
      "budget:service_integration": "not-asked",
      evidence: "not-met",
      flaky: "not-asked",
      sla: "not-asked",
      reporters: "met",
    });
    const failed = criterion("tests-passed")?.refs.map(eventAt) ?? [];
    expect(failed.map((event) => event?.type === "test_completed" && event.test.status)).toEqual(
      Array(3).fill("failed"),
    );
    expect(criterion("budget:core_integration")?.detail).toBe("1m 00s of 1m; it ended websocket");
  });

  it("refers to events of the right kind everywhere", () => {
    expect(new Set(report.tests.map((test) => eventAt(test)?.type))).toEqual(new Set(["test_completed"]));
    expect(new Set(report.nodes.map((node) => eventAt(node)?.type))).toEqual(new Set(["node_completed"]));
    expect(new Set(report.layers.map((layer) => eventAt(layer)?.type))).toEqual(new Set(["layer_completed"]));
    const starts = { layer: "layer_started", node: "node_started", attempt: "agent_started" };
    for (const span of report.timeline) expect(eventAt(span)?.type).toBe(starts[span.kind]);
  });

  it("groups failures by cause, and a node's own by its reason", () => {
    expect(report.failures.map(({ cause, failureClass, count }) => [cause, failureClass, count])).toEqual([
      ["connect ECONNREFUSED <n> while loading <value>", "assertion", 2],
      ["expected <value> to be <value>", "assertion", 1],
      ["the layer deadline of <n>m was reached (layer core_integration)", "timeout", 1],
      ["the model's answer was no JSON: ]]> <script>alert(<n>)</script>", "crash", 1],
    ]);
  });

  it("knows how to run again what failed, and nothing else", () => {
    expect(nodeOf("api#2")?.rerun?.slice(0, 3)).toEqual([
      "api",
      "--test-file",
      "test/checkout.test.ts::Checkout::with <b>coupons</b> | and pipes::applies a 10 % coupon",
    ]);
    expect(nodeOf("api#3")?.rerun).toEqual(["api", "--shard", "3/3"]);
    expect(nodeOf("unit")?.rerun).toBeUndefined();
  });

  it("puts what failed before what will fail next", () => {
    const said = report.actions.map(({ priority, what }) => `${priority} ${what}`);
    expect(said).toContain("P0 websocket timed out: the layer deadline of 1m was reached (layer core_integration)");
    expect(said).toContain("P1 database is flaky: Pool > reconnects");
    expect(said).toContain("P1 Fast Feedback took 25.0s of its budget of 30.0s (83 %)");
    expect(said).toContain("P1 unit: 10 tests, the last pass had 14");
    expect(said.lastIndexOf(said.findLast((text) => text.startsWith("P0")) ?? "")).toBeLessThan(
      said.findIndex((text) => text.startsWith("P1")),
    );
  });

  it("has nodes that ran side by side in lanes that do not overlap", () => {
    const nodes = report.timeline.filter(({ kind }) => kind === "node");
    expect(Math.max(...nodes.map(({ lane }) => lane))).toBe(2);
    for (const one of nodes) {
      for (const other of nodes) {
        if (one === other || one.lane !== other.lane) continue;
        expect(one.endMs <= other.startMs || other.endMs <= one.startMs).toBe(true);
      }
    }
    expect(report.timeline.find(({ kind, name }) => kind === "layer" && name === "Core Integration")).toMatchObject({
      startMs: 25_000,
      endMs: 85_000,
      budgetMs: 60_000,
    });
  });

  it.each([10, 40, 70, 100])("calls a run that was recorded up to event %i interrupted", (length) => {
    const cut = createRunReport(events.slice(0, length));
    expect(cut.verdict).toMatchObject({ holds: false, outcome: { status: "inconclusive" }, exitCode: 5 });
    expect(criterion("recorded", cut)?.status).toBe("not-met");
    expect(cut.actions[0]?.what).toMatch(/^the run 20260131-120000-5h0p was interrupted: /);
    expect(cut.timeline.every(({ startMs, endMs }) => endMs >= startMs)).toBe(true);
    expect(cut.nodes).toHaveLength(10);
  });

  it("meets every criterion of a run in which all is well", async () => {
    const green = createRunReport(
      await playRun(shopPlan([{ id: "fast", budgetMs: 60_000, nodes: [categoryNode("unit", { flaky: "fail" })] }]), {
        unit: [{ ms: 1_000, tests: [scriptTest("works")] }],
      }),
    );
    expect(green.verdict).toMatchObject({ holds: true, exitCode: 0 });
    expect(green.verdict.criteria.filter(({ status }) => status === "not-met")).toEqual([]);
    expect(criterion("flaky", green)?.status).toBe("met");
    expect(green.failures).toEqual([]);
    expect(green.actions).toEqual([]);
  });

  it("does not hold where a flaky pass is not let pass, and says so in its own criterion", async () => {
    const wavering = createRunReport(
      await playRun(shopPlan([{ id: "fast", nodes: [categoryNode("unit", { flaky: "fail" })] }]), {
        unit: [{ ms: 1_000, tests: [scriptTest("wavers", { flaky: true, retries: 1 })] }],
      }),
    );
    expect(criterion("flaky", wavering)).toMatchObject({ status: "not-met", detail: "unit" });
    expect(wavering.failures[0]?.cause).toMatch(/^flaky, which layer fast does not let pass/);
  });

  it("tells a reporter that failed, which changes no verdict", async () => {
    const broken = {
      name: "broken",
      onEvent() {
        throw new Error("no");
      },
    };
    const plan = shopPlan([{ id: "fast", nodes: [categoryNode("unit")] }]);
    const told = createRunReport(
      await playRun(plan, { unit: [{ ms: 10, tests: [scriptTest("works")] }] }, { reporters: [broken] }),
    );
    expect(criterion("reporters", told)).toMatchObject({ status: "not-met", detail: "broken: no" });
    expect(told.verdict).toMatchObject({ holds: true, exitCode: 0 });
  });

  it("says when fewer tests were told than counted", async () => {
    const plan = shopPlan([{ id: "fast", nodes: [categoryNode("unit")] }]);
    const counts = { total: 5, passed: 5, failed: 0, skipped: 0, flaky: 0 };
    const odd = createRunReport(await playRun(plan, { unit: [{ ms: 10, tests: [scriptTest("works")], counts }] }));
    expect(criterion("tests-told", odd)).toMatchObject({ status: "not-met", detail: "unit: 1 told, 5 counted" });
    expect(odd.verdict.holds).toBe(true);
  });

  it("refuses what is no run", () => {
    expect(() => createRunReport([])).toThrow(ReportError);
    expect(() => createRunReport(events.slice(1))).toThrow("the beginning of the run is missing");
    const other = events.slice(1).map((event) => ({ ...event, runId: "other" }));
    expect(() => createRunReport([...events.slice(0, 1), ...other])).toThrow("events of two runs are mixed");
  });
});
