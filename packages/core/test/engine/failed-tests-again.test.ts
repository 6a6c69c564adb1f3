import { describe, expect, it } from "vitest";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import type { RetryPolicy } from "../../src/layers/category.ts";
import type { PlanNode } from "../../src/plan/plan.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";
import type { Agent } from "../../src/agents/agent.ts";
import { SuiteAgent, suiteTest, type SuiteAttempt } from "../rig/suite-agent.ts";

const retry = (maxAttempts = 2): RetryPolicy => ({
  maxAttempts,
  on: ["failed", "errored"],
  backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" },
});

/** Runs a node whose attempts end as scripted. */
async function attempts(
  scripts: readonly SuiteAttempt[],
  { canSelect = true, node = {} }: { canSelect?: boolean; node?: Partial<PlanNode> } = {},
) {
  const agent = new SuiteAgent(scripts, { canSelect });
  const plan = planOf([{ id: "one", nodes: [{ id: "a", retry: retry(scripts.length), ...node }] }]);
  const rig = new RunRig(plan, { agents: [agent] });
  const summary = await rig.summary;
  assertEventGrammar(rig.events);
  const [end] = rig.all("node_completed");
  return { agent, rig, summary, end };
}

describe("a retry after failed tests", () => {
  it("runs them alone, keeps the passes of before, and tells what it mended as flaky with its retries", async () => {
    const { agent, rig, summary, end } = await attempts([
      { adds: "passed", removes: "failed", empties: "passed" },
      { removes: "passed" },
    ]);
    expect(agent.asked).toEqual([undefined, ["removes"]]);
    expect(end).toMatchObject({
      outcome: { status: "passed" },
      flaky: true,
      attempts: 2,
      counts: { total: 3, passed: 3, failed: 0, flaky: 1 },
    });
    expect(summary.counts).toEqual(end?.counts);
    const told = rig.all("test_completed").map(({ attempt, test }) => [attempt, test.name, test.flaky, test.retries]);
    expect(told).toEqual([
      [1, "adds", undefined, undefined],
      [1, "removes", undefined, undefined],
      [1, "empties", undefined, undefined],
      [2, "removes", true, 1],
    ]);
  });

  it("leaves every attempt to be seen: its outcome, its own counts, what it ran and its evidence", async () => {
    const { rig, end } = await attempts([{ adds: "passed", removes: "failed" }, { removes: "passed" }]);
    const first = { status: "failed", reason: "1 of 2 tests failed" };
    expect(end?.attemptRecords).toMatchObject([
      { attempt: 1, outcome: first, counts: { total: 2, failed: 1 }, evidence: { logFile: "a.1.log" } },
      {
        attempt: 2,
        outcome: { status: "passed" },
        counts: { total: 1, passed: 1 },
        scope: "failed-tests",
        evidence: { logFile: "a.2.log" },
      },
    ]);
    expect(end?.attemptRecords?.[0]).not.toHaveProperty("scope");
    expect(rig.all("agent_completed")).toMatchObject(end?.attemptRecords ?? []);
    expect(rig.all("node_retrying")).toMatchObject([{ attempt: 1, outcome: first, failedTests: 1 }]);
  });

  it("narrows further with each attempt, and counts what still fails among all tests", async () => {
    const { agent, end } = await attempts([
      { adds: "passed", removes: "failed", empties: "failed" },
      { removes: "passed", empties: "failed" },
      { empties: "failed" },
    ]);
    expect(agent.asked).toEqual([undefined, ["removes", "empties"], ["empties"]]);
    expect(end).toMatchObject({
      outcome: { status: "failed", reason: "1 of 3 tests failed, even when run again" },
      counts: { total: 3, passed: 2, failed: 1, flaky: 1 },
    });
  });

  it("fails for a test that was to run again and did not, also when it is only skipped", async () => {
    for (const second of [{ empties: "passed" }, { empties: "passed", removes: "skipped" }] as const) {
      const { end } = await attempts([{ adds: "passed", removes: "failed", empties: "failed" }, second]);
      expect(end).toMatchObject({
        outcome: { status: "failed", reason: "failed before, and did not run again: Cart > removes" },
        counts: { total: 3, passed: 2, failed: 1 },
      });
    }
  });

  it("runs everything once a rerun did not find its tests", async () => {
    const { agent, end } = await attempts([
      { adds: "passed", removes: "failed" },
      {},
      { adds: "passed", removes: "passed" },
    ]);
    expect(agent.asked).toEqual([undefined, ["removes"], undefined]);
    expect(end).toMatchObject({ outcome: { status: "passed" }, counts: { total: 2, passed: 2, flaky: 1 } });
  });

  it("runs everything after a crash, and keeps the passes of before when the rerun itself crashes", async () => {
    const crash = { throws: new Error("no more memory") };
    const whole = await attempts([crash, { adds: "passed" }]);
    expect(whole.agent.asked).toEqual([undefined, undefined]);
    const { agent, end } = await attempts([{ adds: "passed", removes: "failed" }, crash]);
    expect(agent.asked).toEqual([undefined, ["removes"]]);
    expect(end).toMatchObject({ outcome: { status: "errored" }, counts: { total: 2, passed: 1, failed: 1 } });
  });

  it("by an agent that cannot select runs everything, and still tells what was flaky", async () => {
    const { rig, end } = await attempts(
      [
        { adds: "passed", removes: "failed" },
        { adds: "passed", removes: "passed" },
      ],
      { canSelect: false },
    );
    expect(end).toMatchObject({ flaky: true, counts: { total: 2, passed: 2, flaky: 1 } });
    expect(rig.all("agent_completed")[1]).not.toHaveProperty("scope");
  });

  it("of everything does not pass by leaving out what failed", async () => {
    const { end } = await attempts([{ adds: "passed", removes: "failed" }, { adds: "passed" }], { canSelect: false });
    expect(end).toMatchObject({
      outcome: { status: "failed", reason: "failed before, and did not run again: Cart > removes" },
      counts: { total: 2, passed: 1, failed: 1 },
    });
  });

  it("takes a file that could not be read as mended once its tests run", async () => {
    const { end } = await attempts([{ adds: "passed", "list.test.ts": "errored" }, { "list.test.ts/sorts": "passed" }]);
    expect(end).toMatchObject({ outcome: { status: "passed" }, counts: { total: 2, passed: 2, flaky: 1 } });
  });

  it("of everything takes what broke around tests as mended when it is not told again", async () => {
    const { end } = await attempts([{ adds: "passed", "list.test.ts": "errored" }, { adds: "passed" }], {
      canSelect: false,
    });
    expect(end).toMatchObject({ outcome: { status: "passed" }, flaky: true, counts: { total: 1, passed: 1 } });
  });

  it("keeps a test flaky that failed two attempts ago, whatever else failed since", async () => {
    const { end } = await attempts(
      [
        { adds: "passed", removes: "failed" },
        { adds: "failed", removes: "passed" },
        { adds: "passed", removes: "passed" },
      ],
      { canSelect: false },
    );
    expect(end?.counts).toMatchObject({ total: 2, passed: 2, flaky: 2 });
  });
});

describe("a report that names a test's file only when it fails", () => {
  it("is understood: the same titles are the same test", async () => {
    const { file, ...fileless } = suiteTest("removes", "passed");
    const agent: Agent = {
      name: "rig",
      async execute(_, { node, emit }) {
        const failed = suiteTest("removes", "failed");
        const test = node.attempt === 1 ? failed : { ...fileless, id: "Cart > removes" };
        emit({ type: "test_completed", test });
        if (node.attempt === 1) return { outcome: { status: "failed", reason: "no" }, failedBy: "tests" };
        return { outcome: { status: "passed" }, scope: "failed-tests" };
      },
    };
    expect(file).toBe("cart.test.ts");
    const rig = new RunRig(planOf([{ id: "one", nodes: [{ id: "a", retry: retry() }] }]), { agents: [agent] });
    await rig.summary;
    expect(rig.all("node_completed")[0]).toMatchObject({
      outcome: { status: "passed" },
      counts: { total: 1, passed: 1, flaky: 1 },
    });
  });
});

describe("what passes only on a retry", () => {
  const wavering = [{ adds: "passed", removes: "failed" }, { removes: "passed" }] as const;

  it("passes and is told as flaky unless the layer says otherwise", async () => {
    expect((await attempts(wavering)).end).toMatchObject({ outcome: { status: "passed" }, flaky: true });
  });

  it("fails by name where the layer says flaky: fail, and holds back what needs it", async () => {
    const { end, summary } = await attempts(wavering, { node: { flaky: "fail" } });
    expect(end).toMatchObject({
      outcome: { status: "failed", reason: "flaky, which layer one does not let pass: Cart > removes" },
      flaky: true,
      counts: { passed: 2, failed: 0, flaky: 1 },
    });
    expect(summary.exitCode).toBe(1);
  });

  it("fails there, too, when it was the framework itself that tried again", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", flaky: "fail" }] }]));
    const { suites, ...test } = { ...wave("reconnects"), suites: ["Pool"] };
    rig.agent.context("a").emit({ type: "test_completed", test: { ...test, suites, flaky: true, retries: 2 } });
    await rig.agent.end("a");
    expect(rig.outcomeOf("a")).toMatchObject({ reason: "flaky, which layer one does not let pass: Pool > reconnects" });
  });

  it("fails there without tests of its own by the attempt that passed", async () => {
    const { end } = await attempts([{ throws: new Error("no luck") }, {}], { node: { flaky: "fail" } });
    expect(end?.outcome).toMatchObject({
      reason: "flaky, which layer one does not let pass: it passed only on attempt 2",
    });
  });
});

function wave(name: string) {
  return { id: name, name, suites: [], durationMs: 1, status: "passed" } as const;
}
