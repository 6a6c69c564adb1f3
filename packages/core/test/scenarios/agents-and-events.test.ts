import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/agents/define.ts";
import { defineStateKey } from "../../src/agents/state-store.ts";
import type { Tool } from "../../src/agents/tool.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { assertScenario, runScenario } from "../../src/testing/scenario.ts";
import { TestRun } from "../../src/testing/test-run.ts";
import { meetingOf } from "../rig/meeting.ts";

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
    const scenario = {
      name: "lifecycle",
      plan: definePlan({ nodes: [{ id: "n", agent: "triage" }] }),
      options: { agents: [agent] },
      // On the real clock. It takes about 10 ms: 2 s is the promise, and a slack of two hundred for a busy machine.
      limits: { maxFirstEventMs: 2_000 },
    };
    const { events } = await assertScenario(scenario);
    expect(events.filter((event) => "nodeId" in event).map(({ type }) => type)).toEqual([
      "node_started",
      "agent_started",
      "agent_thinking",
      "tool_executing",
      "tool_completed",
      "agent_completed",
      "node_completed",
    ]);
    // A run in which no agent says anything does not keep the promise.
    const elsewhere = { id: "n", agent: "triage", when: { environments: ["elsewhere"] } };
    const { problems } = await runScenario({ ...scenario, plan: definePlan({ nodes: [elsewhere] }) });
    expect(problems).toContainEqual(expect.stringContaining("time to the first event"));
  });

  it("3 tool dispatch: typed in and out, timed, refused, unknown, too slow, cancelled", async () => {
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
    const heard: unknown[] = [];
    const waiting = (name: string, limits: Pick<Tool, "timeoutMs">) =>
      defineTool({
        ...limits,
        name,
        description: "Waits for its signal.",
        input: z.object({}),
        run: (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              heard.push(signal.reason);
              reject(signal.reason);
            });
          }),
      });
    const slow = waiting("slow", { timeoutMs: 1_000 });
    const patient = waiting("patient", { timeoutMs: 60_000 });
    const endless = waiting("endless", {});
    const failures: unknown[] = [];
    const agent = scriptedAgent(
      "a",
      async (_, context) => {
        const cents: number = await context.callTool(convert, { usd: 3 });
        expect(cents).toBe(300);
        const note = (error: { code?: string; hint?: string }) => failures.push([error.code, error.hint]);
        await context.callTool("convert", { usd: "three" }).catch(note);
        await context.callTool("convret", {}).catch(note);
        await context.callTool(convert, { usd: 0.001 }).catch(note);
        await context.callTool(slow, {}).catch(note);
        await Promise.all([context.callTool(patient, {}), context.callTool(endless, {})]);
      },
      { tools: [convert, slow, patient, endless] },
    );
    const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a", timeoutMs: 5_000 }] }), { agents: [agent] });
    await run.clock.advance(5_000);
    await run.summary;
    assertEventGrammar(run.events);
    expect(failures).toEqual([
      ["APEX_TOOL_INPUT_INVALID", undefined],
      ["APEX_UNKNOWN_TOOL", 'did you mean "convert"?'],
      ["APEX_TOOL_OUTPUT_INVALID", undefined],
      ["APEX_TOOL_TIMEOUT", undefined],
    ]);
    expect(entered).toEqual([3, 0.001]);
    const over = { status: "timed-out", deadline: "category" };
    expect(heard).toMatchObject([{ code: "APEX_TOOL_TIMEOUT" }, over, over]);
    const calls = run.all("tool_completed").toSorted((a, b) => a.callId - b.callId);
    expect(calls.map(({ tool, durationMs, error }) => [tool, durationMs, error !== undefined])).toEqual([
      ["convert", 0, false],
      ["convert", 0, true],
      ["slow", 1_000, true],
      ["patient", 4_000, true],
      ["endless", 4_000, true],
    ]);
    expect(run.outcomeOf("n")).toMatchObject({ status: "timed-out", limitMs: 5_000 });
  });

  it("4 context: run, node, user, thread, slot and attempt arrive, and state hands values on with their provenance", async () => {
    const found = defineStateKey("found", z.object({ bugs: z.array(z.string()) }));
    const seen: unknown[] = [];
    const meet = meetingOf(2);
    const agent = scriptedAgent("a", async (_, { run, node, user, threadId, state }) => {
      seen.push({ run, ...node, user: user.userId, threadId });
      if (node.id === "first") {
        const value = { bugs: ["one"] };
        state.set(found, value);
        state.set("untyped", value);
        // What is written is a copy: what becomes of the original is the writer's own affair.
        value.bugs.push("never written");
        if (node.attempt === 1) throw new Error("once more");
        return;
      }
      const value = state.get(found);
      expect(value).toEqual({ bugs: ["one"] });
      expect(state.get("untyped")).toEqual({ bugs: ["one"] });
      expect(() => value?.bugs.push("by a reader")).toThrow(TypeError);
      expect(state.provenance(found)).toEqual({ agent: "a", nodeId: "first", attempt: 2 });
      await meet();
    });
    const retry = { maxAttempts: 2, on: ["crash" as const], backoff: { initialMs: 1 } };
    const { events } = await assertScenario({
      name: "context",
      plan: definePlan({
        environment: "staging",
        projectRoot: "/project",
        maxParallel: 2,
        nodes: [
          { id: "first", agent: "a", retry },
          { id: "left", agent: "a", needs: ["first"] },
          { id: "right", agent: "a", needs: ["first"] },
        ],
      }),
      options: { agents: [agent], user: { userId: "u-1", threadId: "t-1" } },
    });
    const run = { id: events[0]?.runId, environment: "staging", projectRoot: "/project" };
    const common = { run, layerId: "main", user: "u-1", threadId: "t-1" };
    expect(seen).toEqual([
      { ...common, id: "first", attempt: 1, slot: 0 },
      { ...common, id: "first", attempt: 2, slot: 0 },
      { ...common, id: "left", attempt: 1, slot: 0 },
      { ...common, id: "right", attempt: 1, slot: 1 },
    ]);
    expect(events.every(({ userId, threadId }) => userId === "u-1" && threadId === "t-1")).toBe(true);
  });
});
