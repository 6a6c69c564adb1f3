import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { AgentContext } from "../../src/agents/agent-context.ts";
import { defineStateKey } from "../../src/agents/state-store.ts";
import { delay } from "../../src/clock.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { assertScenario } from "../../src/testing/scenario.ts";
import { TestRun } from "../../src/testing/test-run.ts";
import { ask, LoopbackService } from "./services.ts";

/** The shared state as whoever only read the stream would know it. */
function stateOf(events: readonly RunEvent[]): Record<string, unknown> {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === "state_written" ? [[event.key, event.value]] : [])),
  );
}

/** What each node broke of its promises. */
function breachesOf(events: readonly RunEvent[]) {
  return Object.fromEntries(
    events.flatMap((event) =>
      event.type === "node_completed" && event.slaBreaches ? [[event.nodeId, event.slaBreaches]] : [],
    ),
  );
}

describe("the 25 integration scenarios: workflows", () => {
  it("7 cross-service: agents ask several real services; one breaks off, is down, and is back for the last retry", async () => {
    const [users, orders, prices] = await Promise.all(
      ["users", "orders", "prices"].map((name) => LoopbackService.open(name)),
    );
    if (!users || !orders || !prices) throw new Error("no services");
    let bringBack: (() => Promise<void>) | undefined;
    /** What becomes of the service of orders before each attempt. */
    const happens: Record<number, () => unknown> = {
      1: () => (orders.breaksOff = true),
      2: async () => (bringBack = await orders.down()),
      3: async () => {
        orders.breaksOff = false;
        await bringBack?.();
      },
    };
    const client = ({ name, url }: LoopbackService) =>
      scriptedAgent(
        name,
        async (_, context) => {
          if (name === "orders") await happens[context.node.attempt]?.();
          context.state.set(name, await context.callTool(ask, { url }));
        },
        { tools: [ask] },
      );
    const checkout = scriptedAgent("checkout", (_, { state }) => {
      state.set(
        "checkout",
        ["users", "orders", "prices"].map((key) => state.get(key)),
      );
    });
    const retry = { maxAttempts: 3, on: ["transient" as const], backoff: { initialMs: 1, jitter: "none" as const } };
    const { summary, events } = await assertScenario({
      name: "cross-service",
      plan: definePlan({
        nodes: [
          { id: "users", agent: "users", minimumEvidence: "local-real", retry },
          { id: "orders", agent: "orders", needs: ["users"], retry },
          { id: "prices", agent: "prices", needs: ["users"], retry },
          { id: "checkout", agent: "checkout", needs: ["orders", "prices"] },
        ],
      }),
      options: { agents: [client(users), client(orders), client(prices), checkout] },
    });
    const retries = events.flatMap((event) => (event.type === "node_retrying" ? [event] : []));
    expect(retries).toMatchObject([
      {
        nodeId: "orders",
        outcome: { code: expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/), failureClass: "transient" },
      },
      { nodeId: "orders", outcome: { code: "ECONNREFUSED", failureClass: "transient" } },
    ]);
    expect(summary.retries).toBe(2);
    expect([users.requests, orders.requests, prices.requests]).toEqual([1, 2, 1]);
    expect(stateOf(events)["checkout"]).toEqual(["users", "orders", "prices"]);
  });

  it("8 SLA: duration, memory growth and a number of the domain, each broken by name, all kept when they hold", async () => {
    interface Costs {
      readonly ms?: number;
      readonly bytes?: number;
      readonly savings?: number | undefined;
    }
    const sla = { maxDurationMs: 200, maxMemoryGrowthBytes: 100, metrics: { savings: { min: 10 } } };
    const judged = async (inputs: Readonly<Record<string, Costs>>) => {
      const clock = new ManualClock();
      let memoryBytes = 1_000;
      const agent = scriptedAgent<Costs>("a", async ({ ms = 0, bytes = 0, savings }, context) => {
        memoryBytes += bytes;
        if (savings !== undefined) context.measure("savings", savings);
        await delay(clock, ms);
      });
      const nodes = Object.entries(inputs).map(([id, input]) => ({ id, agent: "a", input, sla }));
      const plan = definePlan({ layers: [{ id: "main", executionMode: "sequential", nodes }] });
      const run = new TestRun(plan, { agents: [agent], memoryBytes: () => memoryBytes, clock });
      await clock.advance(10_000);
      const summary = await run.summary;
      assertEventGrammar(run.events);
      return { run, summary, breaches: breachesOf(run.events) };
    };

    const atTheLimit = { ms: 200, bytes: 100, savings: 10 };
    const kept = await judged({ all: atTheLimit });
    expect(kept).toMatchObject({ breaches: {}, summary: { outcome: { status: "passed" }, exitCode: 0 } });

    const broken = await judged({
      keeps: atTheLimit,
      slow: { ...atTheLimit, ms: 201 },
      hungry: { ...atTheLimit, bytes: 101 },
      poor: { ...atTheLimit, savings: 9 },
      silent: { ...atTheLimit, savings: undefined },
      worst: { ms: 300, bytes: 500, savings: 0 },
    });
    expect(broken.summary).toMatchObject({
      outcome: { status: "failed" },
      exitCode: 1,
      nodes: { passed: 1, notPassed: 5 },
    });
    expect(broken.breaches).toEqual({
      slow: [{ what: "duration", actual: 201, max: 200 }],
      hungry: [{ what: "memory_growth", actual: 101, max: 100 }],
      poor: [{ what: "savings", actual: 9, min: 10 }],
      silent: [{ what: "savings", min: 10 }],
      worst: [
        { what: "duration", actual: 300, max: 200 },
        { what: "memory_growth", actual: 500, max: 100 },
        { what: "savings", actual: 0, min: 10 },
      ],
    });
    expect(broken.run.outcomeOf("slow")).toEqual({
      status: "failed",
      failureClass: "sla",
      reason: "SLA: duration is 201 ms, more than 200 ms",
    });
  });

  it("9 triage → data → optimization: under 30 s, each within its SLA, and the projected savings meet their target", async () => {
    const found = defineStateKey("triage", z.object({ category: z.string() }));
    const usage = defineStateKey("usage", z.array(z.number()));
    const workflow = (work: (stage: "triage" | "data" | "optimization", signal: AbortSignal) => Promise<void>) => [
      scriptedAgent("triage", async (_, { state, signal }) => {
        await work("triage", signal);
        state.set(found, { category: "cost" });
      }),
      scriptedAgent("data", async (_, { state, signal }) => {
        await work("data", signal);
        if (state.get(found)?.category !== "cost") throw new Error("nothing to look for");
        state.set(
          usage,
          Array.from({ length: 100 }, (_unused, day) => 10 + (day % 7)),
        );
      }),
      scriptedAgent("optimization", async (_, { state, measure, think, signal }) => {
        await work("optimization", signal);
        const spent = (state.get(usage) ?? []).reduce((sum, value) => sum + value, 0);
        think(`${spent} USD spent`);
        measure("projected_savings", spent * 0.25, "USD");
      }),
    ];
    const planFor = (target: number) =>
      definePlan({
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
      });
    const { summary } = await assertScenario({
      name: "triage, data, optimization",
      plan: planFor(323.75),
      options: { agents: workflow(async () => undefined) },
      limits: { maxDurationMs: 30_000, maxMemoryGrowthBytes: 100 * 2 ** 20 },
    });
    expect(summary.nodes).toMatchObject({ total: 3, passed: 3 });

    const timed = async (tookMs: { triage: number; data: number; optimization: number }, target = 250) => {
      const clock = new ManualClock();
      const run = new TestRun(planFor(target), {
        agents: workflow((stage, signal) => delay(clock, tookMs[stage], signal)),
        clock,
      });
      await clock.advance(60_000);
      const { outcome, durationMs } = await run.summary;
      return {
        status: outcome.status,
        durationMs,
        breaches: breachesOf(run.events),
        data: run.outcomeOf("data")?.status,
      };
    };
    const justInTime = { triage: 5_000, data: 8_000, optimization: 10_000 };
    expect(await timed(justInTime)).toEqual({ status: "passed", durationMs: 23_000, breaches: {}, data: "passed" });
    expect(await timed({ ...justInTime, triage: 5_001 })).toEqual({
      status: "failed",
      durationMs: 5_001,
      breaches: { triage: [{ what: "duration", actual: 5_001, max: 5_000 }] },
      data: "skipped",
    });
    expect((await timed({ ...justInTime, data: 8_001 })).breaches).toHaveProperty("data");
    expect((await timed({ ...justInTime, optimization: 10_001 })).breaches).toHaveProperty("optimization");
    expect((await timed(justInTime, 324)).breaches).toEqual({
      optimization: [{ what: "projected_savings", actual: 323.75, min: 324 }],
    });
    // Endless work is not waited for: the whole ends after its 30 s.
    const endless = await timed({ triage: 1, data: 1, optimization: 1e9 });
    expect(endless).toMatchObject({ status: "timed-out", durationMs: 30_000 });
  });

  it("10 complex state: a diamond with nodes that are added on the way folds to one final state", async () => {
    const finalKeys = ["trail", "by start", "by left", "by right", "by left/0", "by left/1", "by left/0/0", "by end"];
    let final: Record<string, unknown> | undefined;
    const agent = scriptedAgent<{ adds?: number; deeper?: number }>(
      "a",
      ({ adds = 0, deeper = 0 }, { node: { id }, state, spawn }: AgentContext) => {
        state.set(`by ${id}`, Number(state.get("by start") ?? 0) + 1);
        const trail = state.get("trail");
        state.set("trail", [...(Array.isArray(trail) ? (trail as string[]) : []), id]);
        spawn(
          Array.from({ length: adds }, (_, index) => ({
            id: `${id}/${index}`,
            agent: "a",
            input: { adds: index === 0 ? deeper : 0 },
          })),
        );
        if (id !== "end") return;
        final = Object.fromEntries(finalKeys.map((key) => [key, state.get(key)]));
        expect(state.provenance("trail")).toEqual({ agent: "a", nodeId: "end", attempt: 1 });
      },
    );
    const { events, summary } = await assertScenario({
      name: "state",
      plan: definePlan({
        maxParallel: 2,
        nodes: [
          { id: "start", agent: "a" },
          { id: "left", agent: "a", needs: ["start"], input: { adds: 2, deeper: 1 } },
          { id: "right", agent: "a", needs: ["start"] },
          { id: "end", agent: "a", needs: ["left", "right"] },
        ],
      }),
      options: { agents: [agent] },
    });
    expect(summary.nodes).toMatchObject({ total: 7, passed: 7 });
    const folded = stateOf(events);
    expect(folded).toEqual(final);
    const { trail, ...counts } = folded as { trail: string[] };
    expect([trail[0], trail.at(-1)]).toEqual(["start", "end"]);
    expect(trail.toSorted()).toEqual(["end", "left", "left/0", "left/0/0", "left/1", "right", "start"]);
    expect(trail.indexOf("left/0/0")).toBeGreaterThan(trail.indexOf("left/0"));
    expect(counts).toEqual({ "by start": 1, ...Object.fromEntries(finalKeys.slice(2).map((key) => [key, 2])) });
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
    const reasons = events.flatMap((event) =>
      event.type === "node_completed" && event.outcome.status === "skipped"
        ? [[event.nodeId, [event.outcome.cause, event.outcome.reason]]]
        : [],
    );
    expect(Object.fromEntries(reasons)).toEqual({
      "on success": ["condition", "runs only when smoke passed, and it failed"],
      "after success": ["condition", "needs what did not pass: on success was skipped"],
      "in production": ["condition", "runs only in production, not in staging"],
      "web changed": ["condition", "nothing changed in src/web/**"],
      refused: ["condition", "it is early"],
    });
    const started = events.flatMap((event) => (event.type === "agent_started" ? [event.nodeId] : []));
    expect(new Set(started)).toEqual(new Set(["smoke", "on failure", "in staging", "api changed", "asked"]));
  });
});
