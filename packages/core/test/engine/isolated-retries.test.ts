import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runPlan } from "../../src/controller/master-controller.ts";
import type { RetryPolicy } from "../../src/layers/category.ts";
import type { Outcome } from "../../src/outcome.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { type NodeSketch, planOf, RunRig } from "../rig/run-rig.ts";

const errored: Outcome = { status: "errored", reason: "no luck" };
const isolated: RetryPolicy = {
  maxAttempts: 2,
  on: ["errored"],
  when: "end-isolated",
  backoff: { initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: "none" },
};
const late = (id: string, over: Partial<NodeSketch> = {}): NodeSketch => ({ id, retry: isolated, ...over });

describe("a retry at the end, alone", () => {
  it("waits for the rest of its layer and for what runs in others, gives its slot away meanwhile, and runs alone", async () => {
    const layers = [
      { id: "one", nodes: [late("a"), "b", "c"] },
      { id: "two", nodes: ["x", "y"] },
    ];
    const rig = await RunRig.start(planOf(layers, { maxParallel: 3 }));
    expect(rig.running).toEqual(["a", "b", "c"]);
    await rig.agent.end("a", errored);
    expect(rig.all("node_retrying")).toMatchObject([{ nodeId: "a", when: "end-isolated" }]);
    expect(rig.running).toEqual(["b", "c", "x"]);
    await rig.clock.advance(5_000);
    await rig.agent.end("b");
    await rig.agent.end("c");
    // The layer is through, but the run is not idle.
    expect(rig.running).not.toContain("a");
    for (const id of rig.running) await rig.agent.end(id);
    expect(rig.running).toEqual(["a"]);
    await rig.agent.end("a");
    await rig.summary;
    expect(rig.outcomeOf("a")).toEqual({ status: "passed" });
    expect(rig.agent.started.at(-1)).toBe("a");
    assertEventGrammar(rig.events);
  });

  it("does not wait for what waits for it", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [late("a"), { id: "b", needs: ["a"] }] }]));
    await rig.agent.end("a", errored);
    await rig.clock.advance(1_000);
    expect(rig.running).toEqual(["a"]);
    await rig.agent.end("a");
    expect(rig.running).toEqual(["b"]);
  });

  it("does not wait in a circle across layers that run side by side", async () => {
    const layers = [
      { id: "one", nodes: [late("a"), { id: "y", needs: ["z"] }] },
      { id: "two", nodes: [late("z"), { id: "x", needs: ["a"] }] },
    ];
    const rig = await RunRig.start(planOf(layers));
    await rig.agent.end("a", errored);
    await rig.agent.end("z", errored);
    await rig.clock.advance(1_000);
    const [first = ""] = rig.running;
    expect(rig.running).toHaveLength(1);
    await rig.agent.end(first);
    await rig.clock.advance(1_000);
    for (let round = 0; rig.running.length > 0 && round < 10; round += 1) {
      for (const id of rig.running) await rig.agent.end(id);
      await rig.clock.advance(1_000);
    }
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
  });

  it("still waits its backoff, less the time that it has waited already", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [late("a"), "b"] }]));
    await rig.agent.end("a", errored);
    await rig.clock.advance(400);
    await rig.agent.end("b");
    await rig.clock.advance(599);
    expect(rig.running).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.running).toEqual(["a"]);
  });

  it("does not spend the node's own time on what others do, but its attempts still share it", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [late("a", { timeoutMs: 3_000 }), "b"] }]));
    await rig.clock.advance(1_500);
    await rig.agent.end("a", errored);
    await rig.clock.advance(60_000);
    await rig.agent.end("b");
    expect(rig.running).toEqual(["a"]);
    await rig.clock.advance(1_499);
    expect(rig.running).toEqual(["a"]);
    await rig.clock.advance(1);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "category", limitMs: 3_000 });
  });

  it("does not come any more once the layer's budget is spent, and the last attempt stands", async () => {
    const layer = { id: "one", budgetMs: 10_000, nodes: [late("a"), "b"] };
    const rig = await RunRig.start(planOf([layer]));
    await rig.agent.end("a", errored);
    await rig.clock.advance(10_000);
    await rig.summary;
    expect(rig.outcomeOf("a")).toEqual(errored);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "timed-out", deadline: "layer" });
    expect(rig.agent.started).toEqual(["a", "b"]);
    assertEventGrammar(rig.events);
  });

  it("does not come any more once the run is cancelled", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [late("a"), "b"] }]));
    await rig.agent.end("a", errored);
    rig.abort.abort({ status: "cancelled", by: "person", reason: "enough" } satisfies Outcome);
    await rig.summary;
    expect(rig.outcomeOf("a")).toEqual(errored);
    assertEventGrammar(rig.events);
  });

  it("uses up a retry of its layer's budget like any other", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", retryBudget: 1, nodes: [late("a"), late("b")] }]));
    await rig.agent.end("a", errored);
    await rig.agent.end("b", errored);
    expect(rig.all("retry_refused")).toMatchObject([{ nodeId: "b" }]);
    await rig.clock.advance(1_000);
    expect(rig.running).toEqual(["a"]);
  });
});

const drawnNodes = fc.array(
  fc.record({
    layer: fc.nat({ max: 2 }),
    failures: fc.nat({ max: 2 }),
    needs: fc.array(fc.nat({ max: 30 }), { maxLength: 2 }),
    isIsolated: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

describe("retries at the end, for any graph over layers side by side or one after another", () => {
  it("come to an end, and always run alone", async () => {
    const agent = scriptedAgent<{ failures: number }>("rig", async ({ failures }, { node }) => {
      await Promise.resolve();
      return node.attempt <= failures ? { outcome: errored } : undefined;
    });
    await fc.assert(
      fc.asyncProperty(drawnNodes, fc.boolean(), fc.integer({ min: 1, max: 4 }), async (drawn, gated, maxParallel) => {
        const sketches = drawn.map(({ failures, needs, isIsolated }, index) => ({
          id: `n${index}`,
          input: { failures },
          // What comes before it by its number, and is in no later layer where they are gated.
          needs:
            index === 0
              ? []
              : [...new Set(needs.map((other) => other % index))]
                  .filter((other) => !gated || (drawn[other]?.layer ?? 0) <= (drawn[index]?.layer ?? 0))
                  .map((other) => `n${other}`),
          retry: {
            maxAttempts: 3,
            on: ["errored"] as const,
            ...(isIsolated ? { when: "end-isolated" as const } : {}),
            backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" as const },
          },
        }));
        const layers = [0, 1, 2].map((layer) => ({
          id: `l${layer}`,
          gates: gated && layer > 0 ? [`l${layer - 1}`] : [],
          nodes: sketches.filter((_, index) => drawn[index]?.layer === layer),
        }));
        const recorder = new EventRecorder();
        const summary = await runPlan(planOf(layers, { maxParallel }), { agents: [agent], reporters: [recorder] });
        expect(summary.outcome).toEqual({ status: "passed" });
        assertEventGrammar(recorder.events);
        const isolatedIds = new Set(drawn.flatMap(({ isIsolated }, index) => (isIsolated ? [`n${index}`] : [])));
        const running = new Set<string>();
        for (const event of recorder.events) {
          if (event.type === "agent_completed") running.delete(event.nodeId);
          if (event.type !== "agent_started") continue;
          const aloneBefore = [...running].filter((id) => isolatedIds.has(id) && attemptsOf(id, event.seq) > 1);
          expect(aloneBefore).toEqual([]);
          running.add(event.nodeId);
          const isAlone = event.attempt > 1 && isolatedIds.has(event.nodeId);
          expect(isAlone ? [...running] : []).toEqual(isAlone ? [event.nodeId] : []);
        }
        function attemptsOf(id: string, seq: number): number {
          return recorder.events.filter(
            (event) => event.type === "agent_started" && event.nodeId === id && event.seq < seq,
          ).length;
        }
      }),
      { numRuns: 150 },
    );
  });
});
