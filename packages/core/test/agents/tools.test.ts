import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/agents/define.ts";
import { createTestContext } from "../../src/testing/test-context.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";

const double = defineTool({
  name: "double",
  description: "Twice the number.",
  input: z.object({ value: z.number() }),
  output: z.number(),
  run: async ({ value }) => value * 2,
});

describe("a tool", () => {
  it("is called by itself with its own types, or by its name", async () => {
    const { context, recorder } = createTestContext({ tools: [double] });
    const result: number = await context.callTool(double, { value: 2 });
    expect(result).toBe(4);
    expect(await context.callTool("double", { value: 3 })).toBe(6);
    expect(recorder.types()).toEqual(["tool_executing", "tool_completed", "tool_executing", "tool_completed"]);
    expect(recorder.all("tool_completed").map(({ callId }) => callId)).toEqual([1, 2]);
  });

  it("of the agent goes before one of the run with the same name", async () => {
    const tool = (answer: string) => mockTool({ name: "same", answer: () => answer });
    const agent = { name: "a", tools: [tool("agent's")], execute: async () => undefined };
    const { context } = createTestContext({ agent, tools: [tool("run's")] });
    expect(await context.callTool("same", {})).toBe("agent's");
  });

  it("never gives the agent an output that its own schema refuses", async () => {
    const broken = defineTool<unknown, number>({
      name: "broken",
      description: "",
      input: z.unknown(),
      output: z.number(),
      run: async () => "four" as never,
    });
    const { context, recorder } = createTestContext();
    await expect(context.callTool(broken, {})).rejects.toMatchObject({ code: "APEX_TOOL_OUTPUT_INVALID" });
    expect(recorder.all("tool_completed")[0]?.error).toContain("expected number");
  });

  it("is given up on after its time, and told so by its signal", async () => {
    const clock = new ManualClock();
    let signal: AbortSignal | undefined;
    const slow = defineTool({
      name: "slow",
      description: "",
      input: z.unknown(),
      timeoutMs: 100,
      run: (_, context) => {
        signal = context.signal;
        return new Promise(() => undefined);
      },
    });
    const { context, recorder } = createTestContext({ clock });
    const failure = context.callTool(slow, {}).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await failure).toMatchObject({
      code: "APEX_TOOL_TIMEOUT",
      message: 'the tool "slow" did not answer within 100ms',
    });
    expect(signal?.aborted).toBe(true);
    expect(recorder.all("tool_completed")).toMatchObject([
      { durationMs: 100, error: expect.stringContaining("100ms") },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("hears of the end of its node", async () => {
    const abort = new AbortController();
    const waits = defineTool({
      name: "waits",
      description: "",
      input: z.unknown(),
      timeoutMs: 60_000,
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const { context } = createTestContext({ signal: abort.signal });
    const failure = context.callTool(waits, {}).catch((error: unknown) => error);
    abort.abort(new Error("enough"));
    expect(await failure).toMatchObject({ message: "enough" });
    await expect(context.callTool(double, { value: 1 })).rejects.toThrow("enough");
  });

  it("says in the stream what its answers prove", async () => {
    const { context, recorder } = createTestContext();
    await context.callTool(mockTool({ name: "charge", answer: () => 1 }), {});
    expect(recorder.all("tool_completed")[0]).toMatchObject({ tool: "charge", evidence: "mocked" });
  });
});

describe("defineTool", () => {
  const tool = { name: "t", description: "", input: z.unknown(), run: async () => 1 };
  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /a tool is an object/],
    ["no name", { ...tool, name: "" }, /needs a name/],
    ["no description", { ...tool, description: undefined }, /"t" needs a description/],
    ["no schema", { ...tool, input: { parse() {} } }, /"t" needs an input schema of zod/],
    ["an output that is no schema", { ...tool, output: {} }, /output of the tool "t" must be a schema/],
    ["no run", { ...tool, run: 1 }, /"t" needs a run function/],
    ["no time", { ...tool, timeoutMs: 0 }, /timeoutMs of the tool "t" must be a positive number/],
  ])("refuses %s", (_, definition, message) => {
    expect(() => defineTool(definition as never)).toThrow(
      expect.objectContaining({ code: "APEX_DEFINITION_INVALID", message: expect.stringMatching(message) }),
    );
  });
});
