import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/agents/define.ts";
import { defineStateKey } from "../../src/agents/state-store.ts";
import { createExecutionEngine } from "../../src/engine/execution-engine.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { withFault } from "../../src/testing/faults.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { assertScenario } from "../../src/testing/scenario.ts";
import { TestRun } from "../../src/testing/test-run.ts";
import { leaksBetween, userRun } from "./canaries.ts";

const backoff = { initialMs: 1_000, factor: 2, maxMs: 30_000, jitter: "none" as const };

describe("the 25 integration scenarios: agents and their events", () => {
  it("1 lifecycle and events: the five agent events in order, the first within 2 s", async () => {
    const look = mockTool({ name: "look", answer: () => 42 });
    const agent = scriptedAgent(
      "triage",
      async (_, context) => {
        context.think("looking first");
        await context.callTool(look, {});
      },
      { tools: [look] },
    );
    const { events } = await assertScenario({
      name: "lifecycle",
      plan: definePlan({ nodes: [{ id: "n", agent: "triage" }] }),
      options: { agents: [agent] },
      limits: { maxFirstEventMs: 2_000 },
    });
    const five = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"];
    expect(events.map(({ type }) => type).filter((type) => /^(agent|tool)_/.test(type))).toEqual(five);
  });

  it("2 multi-user isolation: eight users at once see nothing of each other", async () => {
    const users = Array.from({ length: 8 }, (_, index) => `user-${index}-canary`);
    const runs = await Promise.all(users.map((user) => userRun(user)));
    for (const run of runs) assertEventGrammar(run.events);
    expect(leaksBetween(runs)).toEqual([]);
    expect(new Set(runs.map(({ events }) => events[0]?.runId)).size).toBe(8);
  });

  it("3 tool dispatch: typed in and out, timed, refused, unknown, cancelled", async () => {
    const entered: unknown[] = [];
    const convert = defineTool({
      name: "convert",
      description: "Dollars into cents.",
      input: z.object({ usd: z.number() }),
      output: z.int(),
      run: async ({ usd }) => {
        entered.push(usd);
        return usd * 100;
      },
    });
    const hears = defineTool({
      name: "hears",
      description: "Waits for the end.",
      input: z.object({}),
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    const failures: unknown[] = [];
    const agent = scriptedAgent(
      "a",
      async (_, context) => {
        const cents: number = await context.callTool(convert, { usd: 3 });
        expect(cents).toBe(300);
        const note = (error: { code?: string; hint?: string }) => failures.push(error.code, error.hint);
        await context.callTool("convert", { usd: "three" }).catch(note);
        await context.callTool("convret", {}).catch(note);
        await context.callTool(convert, { usd: 0.001 }).catch(note);
        await context.callTool(hears, {});
      },
      { tools: [convert, hears] },
    );
    const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a", timeoutMs: 5_000 }] }), { agents: [agent] });
    await run.clock.advance(5_000);
    await run.summary;
    assertEventGrammar(run.events);
    expect(failures).toEqual([
      "APEX_TOOL_INPUT_INVALID",
      undefined,
      "APEX_UNKNOWN_TOOL",
      'did you mean "convert"?',
      "APEX_TOOL_OUTPUT_INVALID",
      undefined,
    ]);
    expect(entered).toEqual([3, 0.001]);
    expect(run.all("tool_completed").at(-1)).toMatchObject({
      tool: "hears",
      durationMs: 5_000,
      error: expect.any(String),
    });
    expect(run.outcomeOf("n")).toMatchObject({ status: "timed-out" });
  });

  it("4 context: run, node, user, thread, slot and attempt arrive, and state hands values on with their provenance", async () => {
    const found = defineStateKey("found", z.object({ bugs: z.number() }));
    const seen: unknown[] = [];
    const agent = scriptedAgent("a", (_, context) => {
      const { run, node, user, threadId, state } = context;
      seen.push({
        run: run.environment,
        node: node.id,
        layer: node.layerId,
        attempt: node.attempt,
        slot: node.slot,
        user: user.userId,
        threadId,
      });
      if (node.id === "first") return state.set(found, { bugs: 3 });
      const value = state.get(found);
      expect(value).toEqual({ bugs: 3 });
      expect(Object.isFrozen(value)).toBe(true);
      expect(state.provenance(found)).toEqual({ agent: "a", nodeId: "first", attempt: 1 });
      return undefined;
    });
    const nodes = [
      { id: "first", agent: "a" },
      { id: "second", agent: "a", needs: ["first"] },
    ];
    await assertScenario({
      name: "context",
      plan: definePlan({ nodes, environment: "staging" }),
      options: { agents: [agent], user: { userId: "u-1", threadId: "t-1" } },
    });
    const common = { run: "staging", layer: "main", attempt: 1, slot: 0, user: "u-1", threadId: "t-1" };
    expect(seen).toEqual([
      { ...common, node: "first" },
      { ...common, node: "second" },
    ]);
  });

  it("5 error recovery: a crash stays in its node, and a retry heals what was transient", async () => {
    const reset = Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
    const fine = (name: string) => scriptedAgent(name, () => undefined);
    const retry = { maxAttempts: 3, on: ["transient" as const], backoff: { ...backoff, initialMs: 1 } };
    const { summary, events } = await assertScenario({
      name: "recovery",
      plan: definePlan({
        nodes: [
          { id: "broken", agent: "broken" },
          { id: "after", agent: "fine", needs: ["broken"] },
          { id: "healed", agent: "healed", retry },
          { id: "free", agent: "fine", needs: ["healed"] },
        ],
      }),
      options: {
        agents: [
          withFault(fine("broken"), { kind: "crash", error: new Error("a bug") }),
          withFault(fine("healed"), { kind: "crash", error: reset }, { attempts: [1, 2] }),
          fine("fine"),
        ],
      },
      criteria: {
        outcome: "errored",
        nodes: { broken: "errored", after: "skipped", healed: "passed", free: "passed" },
      },
    });
    expect(summary).toMatchObject({ retries: 2, outcome: { reason: expect.stringContaining("a bug") } });
    const healed = events.find((event) => event.type === "node_completed" && event.nodeId === "healed");
    expect(healed).toMatchObject({ flaky: true, attempts: 3 });
  });

  it("6 timeout and cancellation: 30 s by default, 5 s when asked, quarantine for the deaf, and a person's word", async () => {
    const hung = (name: string) =>
      withFault(
        scriptedAgent(name, () => undefined),
        { kind: "hang" },
      );
    const patient = new ControllableAgent("patient");
    const run = new TestRun(
      definePlan({
        maxParallel: 4,
        nodes: [
          { id: "default", agent: "deaf" },
          { id: "again", agent: "deaf", when: { outcome: { default: ["timed-out"] } } },
          { id: "short", agent: "short", timeoutMs: 5_000 },
          { id: "waits", agent: "patient" },
        ],
      }),
      { agents: [hung("deaf"), hung("short"), patient], agentGraceMs: 100 },
    );
    await run.clock.advance(5_100);
    expect(run.outcomeOf("short")).toMatchObject({ status: "timed-out", limitMs: 5_000 });
    await run.clock.advance(24_900);
    expect(run.outcomeOf("default")).toBeUndefined();
    await run.clock.advance(100);
    expect(run.outcomeOf("default")).toMatchObject({ status: "timed-out", limitMs: 30_000 });
    expect(run.all("agent_quarantined").map(({ agent }) => agent)).toEqual(["short", "deaf"]);
    expect(run.outcomeOf("again")).toMatchObject({ status: "errored", reason: expect.stringContaining("quarantined") });
    run.handle.cancel({ status: "cancelled", by: "person", reason: "enough", signal: "SIGINT" });
    const summary = await run.summary;
    expect(run.outcomeOf("waits")).toMatchObject({ status: "cancelled", reason: "enough" });
    expect(summary.exitCode).toBe(130);
    assertEventGrammar(run.events);
  });

  it("12 factory isolation: no engine but from its factory, and no canary of 50 users × 20 runs in another's run", async () => {
    const plan = definePlan({ nodes: [] });
    const recorder = new EventRecorder();
    const { handle } = new TestRun(plan, { agents: [], reporters: [recorder] });
    await handle.summary;
    const engine = createExecutionEngine({
      plan,
      agents: new (await import("../../src/agents/agent-registry.ts")).AgentRegistry([]),
      stream: new (await import("../../src/events/event-stream.ts")).EventStream({
        runId: "r",
        clock: new ManualClock(),
      }),
      clock: new ManualClock(),
      run: { id: "r", environment: "test", projectRoot: "/" },
      user: {},
    });
    const prototype: { constructor: new (...args: unknown[]) => unknown } = Object.getPrototypeOf(engine);
    const { constructor } = prototype;
    for (const args of [[], [{ plan }], [{ plan }, Symbol("factory")]]) {
      expect(() => new constructor(...args)).toThrow("use createExecutionEngine()");
      expect(() => void Reflect.construct(constructor, args)).toThrow("use createExecutionEngine()");
    }
    const users = Array.from({ length: 50 }, (_, index) => `canary-${index}-of-fifty`);
    const runs = (await Promise.all(users.flatMap((user) => Array.from({ length: 20 }, () => userRun(user))))).flat();
    expect(runs).toHaveLength(1_000);
    expect(new Set(runs.map(({ events }) => events[0]?.runId)).size).toBe(1_000);
    expect(leaksBetween(runs)).toEqual([]);
  });

  it("14 backoff retry: exponential to the millisecond, full jitter within bounds, by class, within budgets", async () => {
    const waits = async (jitter: "none" | "full", random: () => number): Promise<number[]> => {
      const agent = withFault(
        scriptedAgent("a", () => undefined),
        { kind: "crash" },
        { attempts: [1, 2, 3, 4] },
      );
      const retry = { maxAttempts: 5, on: ["crash" as const], backoff: { ...backoff, maxMs: 5_000, jitter } };
      const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a", retry, timeoutMs: 60_000 }] }), {
        agents: [agent],
        random,
      });
      await run.clock.advance(60_000);
      expect((await run.summary).outcome.status).toBe("passed");
      const at = run.all("agent_started").map((event) => Date.parse(event.at));
      return at.slice(1).map((time, index) => time - (at[index] ?? 0));
    };
    expect(await waits("none", () => 0.5)).toEqual([1_000, 2_000, 4_000, 5_000]);
    expect(await waits("full", () => 0.5)).toEqual([500, 1_000, 2_000, 2_500]);
    expect(await waits("full", () => 0)).toEqual([0, 0, 0, 0]);

    const broken = withFault(
      scriptedAgent("a", () => undefined),
      { kind: "crash" },
    );
    const retry = { maxAttempts: 9, on: ["errored" as const], backoff };
    const node = (id: string, on?: readonly "timed-out"[]) => ({
      id,
      agent: "a",
      retry: on ? { ...retry, on } : retry,
    });
    const run = new TestRun(
      definePlan({
        retryBudget: 3,
        layers: [
          { id: "one", retryBudget: 2, nodes: [node("a1"), node("by class", ["timed-out"])] },
          { id: "two", gates: [], nodes: [node("b1")] },
        ],
      }),
      { agents: [broken] },
    );
    await run.clock.advance(600_000);
    expect((await run.summary).retries).toBe(3);
    expect(
      run
        .all("retry_refused")
        .map(({ nodeId }) => nodeId)
        .toSorted(),
    ).toEqual(["a1", "b1"]);
    expect(run.all("node_completed").find(({ nodeId }) => nodeId === "by class")?.attempts).toBe(1);
  });
});
