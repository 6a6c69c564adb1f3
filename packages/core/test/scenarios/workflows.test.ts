import { createServer } from "node:http";
import { connect, createServer as createSocketServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import type { AgentContext } from "../../src/agents/agent-context.ts";
import { defineTool } from "../../src/agents/define.ts";
import { defineStateKey } from "../../src/agents/state-store.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { encodeEvent } from "../../src/events/event-codec.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { ResourceTrackingAgent, scriptedAgent } from "../../src/testing/agents.ts";
import { withFault } from "../../src/testing/faults.ts";
import { assertScenario, runScenario } from "../../src/testing/scenario.ts";

const get = defineTool({
  name: "get",
  description: "Asks a service.",
  input: z.object({ url: z.url() }),
  output: z.string(),
  run: async ({ url }, { signal }) => (await fetch(url, { signal })).text(),
});

/** A service on a free loopback port that answers with its name, until it is told to break off. */
async function service(name: string) {
  const server = createServer((_, response) => response.end(name));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(() => (server.listening ? close() : undefined));
  const reopen = () => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${port}/`, close, reopen };
}

describe("the 25 integration scenarios: workflows", () => {
  it("7 cross-service: agents ask several real services, one goes down on the way and is back for the retry", async () => {
    const [users, orders] = await Promise.all([service("users"), service("orders")]);
    const agent = scriptedAgent<{ url: string }>(
      "client",
      async ({ url }, context) => {
        if (context.node.id === "orders" && context.node.attempt === 1) await orders.close();
        if (context.node.id === "orders" && context.node.attempt === 2) await orders.reopen();
        context.state.set(context.node.id, await context.callTool(get, { url }));
      },
      { tools: [get] },
    );
    const retry = { maxAttempts: 2, on: ["transient" as const], backoff: { initialMs: 1, jitter: "none" as const } };
    const { summary, events } = await assertScenario({
      name: "cross-service",
      plan: definePlan({
        nodes: [
          { id: "users", agent: "client", input: { url: users.url } },
          { id: "orders", agent: "client", input: { url: orders.url }, needs: ["users"], retry },
        ],
      }),
      options: { agents: [agent] },
    });
    expect(summary.retries).toBe(1);
    const retrying = events.find((event) => event.type === "node_retrying");
    expect(retrying).toMatchObject({ outcome: { code: "ECONNREFUSED", failureClass: "transient" } });
    expect(events.flatMap((event) => (event.type === "state_written" ? [event.value] : []))).toEqual([
      "users",
      "orders",
    ]);
  });

  it("8 SLA: duration, memory growth and a number of the domain, each broken by name, all kept when they hold", async () => {
    let memoryBytes = 0;
    const agent = scriptedAgent<{ ms: number; bytes: number; savings?: number }>("a", async (input, context) => {
      memoryBytes += input.bytes;
      if (input.savings !== undefined) context.measure("savings", input.savings);
      await new Promise((resolve) => {
        setTimeout(resolve, input.ms);
      });
    });
    const sla = { maxDurationMs: 200, maxMemoryGrowthBytes: 100, metrics: { savings: { min: 10 } } };
    const inputs = {
      keeps: { ms: 0, bytes: 100, savings: 10 },
      slow: { ms: 260, bytes: 0, savings: 10 },
      hungry: { ms: 0, bytes: 101, savings: 10 },
      poor: { ms: 0, bytes: 0, savings: 9 },
      silent: { ms: 0, bytes: 0 },
    };
    const nodes = Object.entries(inputs).map(([id, input]) => ({ id, agent: "a", input, sla }));
    const { events } = await assertScenario({
      name: "SLA",
      plan: definePlan({ layers: [{ id: "main", executionMode: "sequential", nodes }] }),
      options: { agents: [agent], memoryBytes: () => memoryBytes },
      criteria: {
        outcome: "failed",
        nodes: { keeps: "passed", slow: "failed", hungry: "failed", poor: "failed", silent: "failed" },
      },
    });
    const breaches = events.flatMap((event) =>
      event.type === "node_completed" && event.slaBreaches
        ? [[event.nodeId, ...event.slaBreaches.map(({ what }) => what)]]
        : [],
    );
    expect(breaches).toEqual([
      ["slow", "duration"],
      ["hungry", "memory_growth"],
      ["poor", "savings"],
      ["silent", "savings"],
    ]);
  });

  it("9 triage → data → optimization: under 30 s, each within its SLA, and the projected savings meet their target", async () => {
    const found = defineStateKey("triage", z.object({ category: z.string() }));
    const usage = defineStateKey("usage", z.array(z.number()));
    const triage = scriptedAgent("triage", (_, { state }) => state.set(found, { category: "cost" }));
    const data = scriptedAgent("data", (_, { state }) => {
      if (state.get(found)?.category !== "cost") throw new Error("nothing to look for");
      state.set(
        usage,
        Array.from({ length: 100 }, (_unused, day) => 10 + (day % 7)),
      );
    });
    const optimization = scriptedAgent("optimization", (_, { state, measure, think }) => {
      const spent = (state.get(usage) ?? []).reduce((sum, value) => sum + value, 0);
      think(`${spent} USD spent`);
      measure("projected_savings", spent * 0.2, "USD");
    });
    const target = 250;
    const { durationMs, summary } = await assertScenario({
      name: "triage, data, optimization",
      plan: definePlan({
        budgetMs: 30_000,
        nodes: [
          { id: "triage", agent: "triage", sla: { maxDurationMs: 5_000 } },
          { id: "data", agent: "data", needs: ["triage"], sla: { maxDurationMs: 8_000 } },
          {
            id: "optimization",
            agent: "optimization",
            needs: ["data"],
            sla: { maxDurationMs: 10_000, metrics: { projected_savings: { min: target } } },
          },
        ],
      }),
      options: { agents: [triage, data, optimization] },
      limits: { maxDurationMs: 30_000, maxMemoryGrowthBytes: 100 * 2 ** 20 },
    });
    expect(durationMs).toBeLessThan(30_000);
    expect(summary.nodes).toMatchObject({ total: 3, passed: 3 });
  });

  it("10 complex state: a diamond with nodes that are added on the way folds to one final state", async () => {
    const agent = scriptedAgent<{ adds?: number }>("a", ({ adds = 0 }, context: AgentContext) => {
      const { id } = context.node;
      context.state.set(`by ${id}`, Number(context.state.get("by start") ?? 0) + 1);
      const last = context.state.get("trail");
      context.state.set("trail", [...(Array.isArray(last) ? (last as string[]) : []), id]);
      context.spawn(Array.from({ length: adds }, (_, index) => ({ id: `${id}/${index}`, agent: "a", input: {} })));
    });
    const nodes = [
      { id: "start", agent: "a" },
      { id: "left", agent: "a", needs: ["start"], input: { adds: 3 } },
      { id: "right", agent: "a", needs: ["start"] },
      { id: "end", agent: "a", needs: ["left", "right"] },
    ];
    const { events, summary } = await assertScenario({
      name: "state",
      plan: definePlan({ nodes, maxParallel: 2 }),
      options: { agents: [agent] },
    });
    expect(summary.nodes.total).toBe(7);
    const state = new Map<string, unknown>();
    for (const event of events) if (event.type === "state_written") state.set(event.key, event.value);
    const trail = state.get("trail") as string[];
    expect(trail[0]).toBe("start");
    expect(trail.at(-1)).toBe("end");
    expect(trail.toSorted()).toEqual(["end", "left", "left/0", "left/1", "left/2", "right", "start"]);
    expect([...state.keys()].filter((key) => key.startsWith("by "))).toHaveLength(7);
  });

  it("11 conditional branching: by outcome, environment, changed files and a function; the branch not taken is never a pass", async () => {
    const fails = scriptedAgent("fails", () => ({ outcome: { status: "failed", reason: "as planned" } }));
    const works = scriptedAgent("works", () => undefined);
    const { summary, events } = await assertScenario({
      name: "branches",
      plan: definePlan({
        environment: "staging",
        changedFiles: ["src/api/users.ts"],
        nodes: [
          { id: "smoke", agent: "fails" },
          { id: "on failure", agent: "works", when: { outcome: { smoke: ["failed"] } } },
          { id: "on success", agent: "works", when: { outcome: { smoke: ["passed"] } } },
          { id: "after success", agent: "works", needs: ["on success"] },
          { id: "in staging", agent: "works", when: { environments: ["staging"] } },
          { id: "in production", agent: "works", when: { environments: ["production"] } },
          { id: "api changed", agent: "works", when: { changed: ["src/api/**"] } },
          { id: "web changed", agent: "works", when: { changed: ["src/web/**"] } },
          { id: "asked", agent: "works", needs: ["in staging"], when: { check: "isReady" } },
          { id: "refused", agent: "works", when: { check: "isLate" } },
        ],
      }),
      options: {
        agents: [fails, works],
        conditions: {
          isReady: ({ outcomeOf }) => outcomeOf("in staging") === "passed",
          isLate: async () => "it is early",
        },
      },
      criteria: {
        outcome: "failed",
        nodes: {
          "on failure": "passed",
          "on success": "skipped",
          "after success": "skipped",
          "in staging": "passed",
          "in production": "skipped",
          "api changed": "passed",
          "web changed": "skipped",
          asked: "passed",
          refused: "skipped",
        },
      },
    });
    expect(summary.nodes).toMatchObject({ total: 10, passed: 4, skipped: 5, notPassed: 1 });
    const skips = events.flatMap((event) =>
      event.type === "node_completed" && event.outcome.status === "skipped" ? [event.outcome] : [],
    );
    expect(skips.map(({ cause }) => cause)).toEqual(Array.from({ length: 5 }, () => "condition"));
    expect(skips.every(({ reason }) => reason !== "")).toBe(true);
  });

  it("13 socket failure: a reporter that is a socket client loses its connection, and the run goes on", async () => {
    const sockets: Socket[] = [];
    const server = createSocketServer((socket) => void sockets.push(socket.on("error", () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const client = connect((server.address() as { port: number }).port, "127.0.0.1").on("error", () => undefined);
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    const stream = {
      name: "socket",
      onEvent(event: RunEvent): void {
        if (client.destroyed) throw new Error("WebSocket integration failed: connection lost");
        client.write(`${encodeEvent(event)}\n`);
      },
    };
    const agent = scriptedAgent("a", (_, { node }) => {
      if (node.id === "n5") client.destroy();
    });
    const nodes = Array.from({ length: 10 }, (_, index) => ({ id: `n${index}`, agent: "a" }));
    const { summary, events } = await assertScenario({
      name: "socket",
      plan: definePlan({ layers: [{ id: "main", executionMode: "sequential", nodes }] }),
      options: { agents: [agent], reporters: [stream] },
    });
    expect(summary.nodes.passed).toBe(10);
    expect(events.filter(({ type }) => type === "reporter_failed")).toMatchObject([
      { reporter: "socket", message: expect.stringContaining("connection lost") },
    ]);
  });

  it("15 memory stress: 16 agents at once, 500 nodes, floods of events, under 100 MB more, and everything closed", async () => {
    const agents = Array.from(
      { length: 16 },
      (_, index) =>
        new ResourceTrackingAgent(`tracker ${index}`, async (context) => {
          context.think("x".repeat(1_000));
          await new Promise((resolve) => setImmediate(resolve));
        }),
    );
    const flooding = withFault(agents[0] as ResourceTrackingAgent, { kind: "flood", count: 200 });
    const nodes = Array.from({ length: 500 }, (_, index) => ({ id: `n${index}`, agent: `tracker ${index % 16}` }));
    const report = await runScenario({
      name: "stress",
      plan: definePlan({ nodes, maxParallel: 16 }),
      options: { agents: [flooding, ...agents.slice(1)] },
      // What the events themselves take is the recorder's, which a real run does not have.
      limits: { maxMemoryGrowthBytes: 100 * 2 ** 20 },
    });
    expect(report.problems).toEqual([]);
    expect(report.summary.coordination.agents).toBeGreaterThanOrEqual(10);
    expect(agents.flatMap((agent) => agent.open)).toEqual([]);
    expect(agents.reduce((sum, agent) => sum + agent.opened, 0)).toBe(500);
  });
});
