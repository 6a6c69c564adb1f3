import * as z from "zod";
import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agents/agent.ts";
import type { Tool } from "../../src/agents/tool.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

const double: Tool<{ value: number }, number> = {
  name: "double",
  description: "doubles",
  input: z.object({ value: z.number() }),
  run: async ({ value }) => value * 2,
};

function agentThat(execute: Agent["execute"], tools: readonly Tool[] = [double]): Agent {
  return { name: "custom", tools, execute };
}

function run(agent: Agent, timeoutMs?: number): Promise<RunRig> {
  const node = { id: "n", agent: "custom", input: { from: "plan" }, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  return RunRig.start(planOf([{ id: "one", nodes: [node] }]), { agents: [agent], agentGraceMs: 100 });
}

describe("an agent's invocation", () => {
  it("gets the plan's input and tells its thoughts and tool calls in a balanced order", async () => {
    let got: unknown;
    const rig = await run(
      agentThat(async (input, context) => {
        got = input;
        context.think("doubling");
        return { value: await context.callTool<number>("double", { value: 21 }) };
      }),
    );
    await rig.summary;
    expect(got).toEqual({ from: "plan" });
    const told = rig.events.filter((event) => event.type.startsWith("agent_") || event.type.startsWith("tool_"));
    expect(told.map((event) => event.type)).toEqual([
      "agent_started",
      "agent_thinking",
      "tool_executing",
      "tool_completed",
      "agent_completed",
    ]);
    expect(rig.outcomeOf("n")).toEqual({ status: "passed" });
  });

  it("ends as errored, with one agent_completed, when the agent throws", async () => {
    const rig = await run(agentThat(() => Promise.reject(new Error("no database"))));
    expect(await rig.summary).toMatchObject({ exitCode: 3, outcome: { status: "errored" } });
    expect(rig.all("agent_completed")).toHaveLength(1);
    expect(rig.outcomeOf("n")).toEqual({ status: "errored", reason: "no database" });
  });

  it("ends as errored when the agent throws before it returns a promise", async () => {
    const rig = await run(
      agentThat(() => {
        throw new Error("at once");
      }),
    );
    expect(rig.outcomeOf("n")).toEqual({ status: "errored", reason: "at once" });
  });

  it("refuses an unknown tool with a suggestion, and an input that the tool's schema refuses", async () => {
    const unknown = await run(agentThat((_, context) => context.callTool("duoble", {})));
    expect(unknown.outcomeOf("n")).toMatchObject({
      code: "APEX_UNKNOWN_TOOL",
      reason: 'there is no tool "duoble" (did you mean "double"?)',
    });
    const invalid = await run(agentThat((_, context) => context.callTool("double", { value: "x" })));
    expect(invalid.outcomeOf("n")).toMatchObject({ code: "APEX_TOOL_INPUT_INVALID" });
    expect(invalid.all("tool_executing")).toEqual([]);
  });

  it("closes the tool call of an agent that was left behind, so that the stream stays balanced", async () => {
    const stuck: Tool = { ...double, run: () => new Promise(() => undefined) };
    const rig = await run(
      agentThat((_, context) => context.callTool("double", { value: 1 }), [stuck]),
      50,
    );
    await rig.clock.advance(200);
    await rig.summary;
    expect(rig.all("tool_completed")).toMatchObject([{ error: "given up", durationMs: 150 }]);
    expect(rig.events.findIndex((event) => event.type === "tool_completed")).toBeLessThan(
      rig.events.findIndex((event) => event.type === "agent_completed"),
    );
  });

  it("carries tests, counts and evidence of an agent that reports an outcome", async () => {
    const counts = { total: 2, passed: 1, failed: 1, skipped: 0, flaky: 0 };
    const rig = await run(
      agentThat(async (_, context) => {
        context.emit({
          type: "test_completed",
          test: { id: "t", name: "t", suites: [], durationMs: 1, status: "failed" },
        });
        return { outcome: { status: "failed", reason: "1 of 2 tests failed" }, counts, evidence: { exitCode: 1 } };
      }),
    );
    expect(rig.all("test_completed")).toMatchObject([{ nodeId: "n", attempt: 1 }]);
    expect(rig.all("node_completed")).toMatchObject([{ counts, evidence: { exitCode: 1 } }]);
    expect((await rig.summary).counts).toEqual(counts);
  });
});

describe("the life of agents", () => {
  it("starts them in order before the first node and stops them in reverse, also when a node fails", async () => {
    const log: string[] = [];
    const agent = (name: string): Agent => ({
      name,
      execute: () => Promise.reject(new Error("broken")),
      start: async () => void log.push(`start ${name}`),
      stop: async () => void log.push(`stop ${name}`),
    });
    const plan = planOf([{ id: "one", nodes: [{ id: "n", agent: "b" }] }]);
    await (
      await RunRig.start(plan, { agents: [agent("a"), agent("b")] })
    ).summary;
    expect(log).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  it("ends the run as errored when an agent cannot start, and stops those that did", async () => {
    const log: string[] = [];
    const plan = planOf([{ id: "one", nodes: ["n"] }]);
    const rig = await RunRig.start(plan, {
      agents: [
        { name: "rig", execute: async () => void log.push("executed"), stop: async () => void log.push("stop rig") },
        { name: "broken", execute: async () => undefined, start: () => Promise.reject(new Error("no port")) },
      ],
    });
    expect(await rig.summary).toMatchObject({
      exitCode: 3,
      outcome: { reason: "the agent broken could not start: no port" },
    });
    expect(log).toEqual(["stop rig"]);
  });

  it("does not wait for ever for an agent that does not stop", async () => {
    const plan = planOf([{ id: "one", nodes: ["n"] }]);
    const stuck: Agent = { name: "rig", execute: async () => undefined, stop: () => new Promise(() => undefined) };
    const rig = await RunRig.start(plan, { agents: [stuck], graceMs: 1_000 });
    await rig.clock.advance(1_000);
    await settle();
    expect((await rig.summary).exitCode).toBe(0);
  });

  it("refuses a plan that names an agent which is not there, before anything starts", async () => {
    const plan = planOf([{ id: "one", nodes: [{ id: "n", agent: "layer-executoin" }] }]);
    const events: unknown[] = [];
    const running = runPlan(plan, {
      agents: [{ name: "layer-execution", execute: async () => undefined }],
      reporters: [{ name: "recorder", onEvent: (event) => void events.push(event) }],
    });
    await expect(running).rejects.toMatchObject({
      code: "APEX_UNKNOWN_AGENT",
      hint: 'did you mean "layer-execution"?',
    });
    expect(events).toEqual([]);
  });
});

describe("an output", () => {
  const outcomeOfOutput = async (output: unknown) => {
    const rig = await run(agentThat(async () => output));
    await rig.summary;
    return rig.outcomeOf("n");
  };

  it("that is itself an outcome is the node's", async () => {
    expect(await outcomeOfOutput({ status: "failed", reason: "as said" })).toEqual({
      status: "failed",
      reason: "as said",
    });
  });

  it.each([{ status: "faild" }, "failed", undefined])("with %j for an outcome is no pass", async (outcome) => {
    expect(await outcomeOfOutput({ outcome })).toMatchObject({
      status: "errored",
      reason: expect.stringContaining("an outcome that is none"),
    });
  });
});

describe("tests that an agent reports one by one", () => {
  const reporting = (status: "passed" | "failed", output?: unknown) =>
    run(
      agentThat(async (_, context) => {
        context.emit({ type: "test_completed", test: { id: "t", name: "t", suites: [], durationMs: 1, status } });
        return output;
      }),
    );

  it("are counted where it gives no counts", async () => {
    const rig = await reporting("passed");
    expect((await rig.summary).counts).toMatchObject({ total: 1, passed: 1 });
  });

  it("cannot have failed in a pass", async () => {
    const rig = await reporting("failed", { outcome: { status: "passed" } });
    expect(await rig.summary).toMatchObject({
      exitCode: 1,
      counts: { total: 1, failed: 1 },
      outcome: { status: "failed", reason: expect.stringContaining("inconsistent") },
    });
  });
});
