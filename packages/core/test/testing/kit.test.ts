import { describe, expect, it } from "vitest";
import { definePlan } from "../../src/plan/define-plan.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { conditionalAgent, ResourceTrackingAgent, scriptedAgent } from "../../src/testing/agents.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { type Fault, withFault } from "../../src/testing/faults.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { assertScenario, runScenario } from "../../src/testing/scenario.ts";
import { createTestContext } from "../../src/testing/test-context.ts";

const one = definePlan({ nodes: [{ id: "n", agent: "a" }] });
const run = async (agent: Parameters<typeof runPlan>[1]["agents"][number]) => {
  const recorder = new EventRecorder();
  const summary = await runPlan(one, { agents: [agent], reporters: [recorder], agentGraceMs: 20 });
  return { summary, recorder };
};

describe("the manual clock", () => {
  it("moves only when told, and fires what is due in order", async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.schedule(20, () => fired.push("late"));
    clock.schedule(10, () => fired.push("early"));
    clock.schedule(5, () => fired.push("never"))();
    await clock.advance(20);
    expect(fired).toEqual(["early", "late"]);
    expect(clock.monotonicMs()).toBe(20);
  });

  it("lets the wall clock jump without touching durations", () => {
    const clock = new ManualClock();
    const before = clock.now();
    clock.jump(-3_600_000);
    expect(clock.now()).toBe(before - 3_600_000);
    expect(clock.monotonicMs()).toBe(0);
  });
});

describe("agents of the kit", () => {
  it("decide by a condition, asked for each attempt", async () => {
    const { summary } = await run(conditionalAgent("a", (_, { node }) => node.attempt > 1));
    expect(summary.outcome).toMatchObject({ status: "failed", reason: "main: n: the condition did not hold" });
  });

  it("track what they hold, also when they fail", async () => {
    const agent = new ResourceTrackingAgent("a", () => {
      expect(agent.open).toEqual([{ nodeId: "n", attempt: 1 }]);
      throw new Error("half-way");
    });
    const { summary } = await run(agent);
    expect(summary.outcome.status).toBe("errored");
    expect(agent).toMatchObject({ open: [], opened: 1, peak: 1 });
  });

  it.each<[Fault, string]>([
    [{ kind: "crash", error: new Error("boom") }, "errored"],
    [{ kind: "slow", ms: 5 }, "passed"],
    [{ kind: "flood", count: 50 }, "passed"],
    [{ kind: "leak-call", tool: "never" }, "passed"],
  ])("can be given a fault: %j", async (fault, status) => {
    const never = mockTool({ name: "never", answer: () => new Promise(() => undefined) });
    const agent = scriptedAgent("a", () => undefined, { tools: [never] });
    const { summary, recorder } = await run(withFault(agent, fault));
    expect(summary.outcome.status).toBe(status);
    expect(recorder.all("agent_thinking")).toHaveLength(fault.kind === "flood" ? 50 : 0);
    expect(recorder.all("tool_completed").map(({ error }) => error)).toEqual(
      fault.kind === "leak-call" ? ["given up"] : [],
    );
  });

  it("can be made to hang in one attempt only", async () => {
    const agent = withFault(
      scriptedAgent("a", () => undefined),
      { kind: "hang" },
      { attempts: [2] },
    );
    expect((await run(agent)).summary.outcome.status).toBe("passed");
  });
});

describe("a mock tool", () => {
  it("answers by the input and the number of the call, remembers both, and throws an error that it is given", async () => {
    const tool = mockTool<{ n: number }, number>({
      name: "t",
      answer: ({ n }, call) => (call === 2 ? new Error("second") : n * call),
    });
    const { context } = createTestContext();
    expect(await context.callTool(tool, { n: 5 })).toBe(5);
    await expect(context.callTool(tool, { n: 6 })).rejects.toThrow("second");
    expect(tool.calls).toEqual([{ n: 5 }, { n: 6 }]);
  });
});

describe("a scenario", () => {
  const scenario = { name: "s", plan: one, options: { agents: [scriptedAgent("a", () => undefined)] } };

  it("holds when the run is as it should be", async () => {
    const report = await assertScenario({
      ...scenario,
      criteria: { nodes: { n: "passed" } },
      limits: { maxDurationMs: 5_000, maxFirstEventMs: 2_000, maxMemoryGrowthBytes: 2 ** 30 },
    });
    expect(report.problems).toEqual([]);
    expect(report.events.length).toBeGreaterThan(5);
  });

  it("says everything that is not as it should be", async () => {
    const { problems } = await runScenario({
      ...scenario,
      criteria: { outcome: "failed", nodes: { n: "skipped", m: "passed" }, check: () => ["the moon is full"] },
      limits: { maxDurationMs: -1, maxMemoryGrowthBytes: -(2 ** 40), maxFirstEventMs: -1 },
    });
    expect(problems).toEqual([
      "the run passed, and should have failed",
      "n passed, and should have skipped",
      "m did not end, and should have passed",
      "the moon is full",
      expect.stringMatching(/^duration \d+ ms, more than -1$/),
      expect.stringMatching(/^memory growth -?\d+ bytes, more than -/),
      expect.stringMatching(/^time to the first event \d+ ms, more than -1$/),
    ]);
    await expect(assertScenario({ ...scenario, criteria: { outcome: "failed" } })).rejects.toThrow(
      "s:\nthe run passed",
    );
  });
});

describe("a test context", () => {
  it("takes nothing more once it is closed", async () => {
    const test = createTestContext({ node: { id: "n" }, user: { threadId: "t-1" } });
    const { context, recorder } = test;
    context.spawn([{ id: "m", agent: "a", input: {} }]);
    expect(context.threadId).toBe("t-1");
    test.close();
    context.think("late");
    expect(() => context.measure("x", 1)).toThrow(/attempt 1 of n is over/);
    expect(recorder.events).toEqual([]);
    await expect(context.send({ pattern: "broadcast", topic: "x" })).rejects.toThrow(/is over/);
  });
});
