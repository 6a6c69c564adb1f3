import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { Agent } from "../../src/agents/agent.ts";
import { defineAgent, defineTool } from "../../src/agents/define.ts";
import { type AgentConformanceOptions, describeAgent } from "../../src/testing/describe-agent.ts";
import { withFault } from "../../src/testing/faults.ts";

const look = defineTool({
  name: "look",
  description: "Looks.",
  input: z.object({}),
  run: (_, { signal }) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(1), 20);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
});

const good = defineAgent({
  name: "good",
  tools: [look],
  input: z.object({ city: z.string() }),
  health: () => ({ state: "healthy" as const }),
  execute: async (_, context) => context.callTool(look, {}),
});

const options = (agent: Agent, over: Partial<AgentConformanceOptions> = {}): AgentConformanceOptions => ({
  create: () => agent,
  input: { city: "Bern" },
  cancelWithinMs: 200,
  ...over,
});

describeAgent("good, in the suite itself", options(good, { invalidInput: { city: 1 } }), { describe, it });

/** What the suite says of an agent: titles with what went wrong, where it did. */
async function findings(conformance: AgentConformanceOptions): Promise<Record<string, string>> {
  const tests: [string, () => Promise<void>][] = [];
  describeAgent("x", conformance, { describe: (_, body) => body(), it: (title, body) => tests.push([title, body]) });
  const found: Record<string, string> = {};
  for (const [title, body] of tests) {
    await body().catch((error: unknown) => {
      found[title] = (error as Error).message;
    });
  }
  return found;
}

describe("the conformance suite", () => {
  it("finds nothing in an agent that keeps to everything", async () => {
    expect(await findings(options(good, { invalidInput: {} }))).toEqual({});
  });

  it("finds an agent whose reporter would be closed after its first run", async () => {
    const reporter = { name: "one", onEvent: () => undefined };
    const title = "makes a reporter for each run, where it makes one at all";
    expect(await findings(options({ ...good, createReporter: () => reporter }))).toEqual({
      [title]: "its reporter is the same for two runs, and would be closed after the first",
    });
    const nameless = { ...good, createReporter: () => ({ onEvent: () => undefined }) as never };
    expect((await findings(options(nameless)))[title]).toBe("its reporter has no name");
    expect(await findings(options({ ...good, createReporter: () => ({ ...reporter }) }))).toEqual({});
  });

  it("finds an agent that does not listen to its signal", async () => {
    let calls = 0;
    // The one that is cancelled comes last of those that run.
    const deaf = {
      ...good,
      execute: () => (++calls > 8 ? new Promise(() => undefined) : Promise.resolve(undefined)),
    } as Agent;
    expect(await findings(options(deaf))).toMatchObject({
      "ends when it is cancelled": "it did not end within 200 ms of its signal",
    });
  });

  it("finds an agent that comes to something else", async () => {
    const found = await findings(options(withFault(good, { kind: "crash" })));
    expect(found["comes to its outcome, and tells it in the grammar of events"]).toBe(
      "it came to errored, not passed: injected crash",
    );
  });

  it("finds an agent that leaves a tool behind", async () => {
    const hasty = {
      ...good,
      execute: async (_: unknown, context: Parameters<Agent["execute"]>[1]) =>
        void context.callTool(look, {}).catch(() => undefined),
    } as Agent;
    expect(await findings(options(hasty))).toMatchObject({
      "waits for every tool that it calls": "it ended before its tools did: look",
    });
  });

  it("finds an agent that changes its input", async () => {
    const rude: Agent<{ city: string }> = { name: "rude", execute: async (input) => void (input.city = "Basel") };
    expect(await findings(options(rude as Agent))).toMatchObject({
      "does not change the input that it is given": "its input was changed",
    });
  });

  it("finds an agent that works only once, and one that cannot do two things at once", async () => {
    let calls = 0;
    const once: Agent = {
      name: "once",
      execute: async () => (++calls > 1 ? Promise.reject(new Error("used up")) : undefined),
    };
    const found = await findings({ ...options(once), create: () => ((calls = 0), once) });
    expect(found["works for several nodes at once"]).toContain("used up");
    expect(found["works again in another run"]).toContain("used up");
  });

  it("finds an agent that takes any input", async () => {
    const greedy: Agent = { name: "greedy", execute: async () => undefined };
    expect(await findings(options(greedy, { invalidInput: 1 }))).toMatchObject({
      "refuses an input that is not its own": "it took the input, and came to passed",
    });
  });

  it("finds a health that is none", async () => {
    const odd = { ...good, health: () => ({ state: "splendid" }) } as unknown as Agent;
    expect(await findings(options(odd))).toMatchObject({
      "answers the heartbeat in its own words, where it answers at all": expect.stringContaining("splendid"),
    });
  });

  it("comes to its end with an agent that cannot start", async () => {
    const broken: Agent = {
      name: "broken",
      execute: async () => 1,
      start: () => Promise.reject(new Error("no licence")),
    };
    const found = await findings(options(broken));
    expect(found["comes to its outcome, and tells it in the grammar of events"]).toContain("no licence");
  });
});
