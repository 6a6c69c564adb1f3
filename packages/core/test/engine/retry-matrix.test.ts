import { describe, expect, it } from "vitest";
import type { RetryPolicy } from "../../src/layers/category.ts";
import type { Outcome } from "../../src/outcome.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

const times = ["immediately", "end-isolated"] as const;
const cancelled: Outcome = { status: "cancelled", by: "person", reason: "enough" };

/** A node that is tried three times, beside one that takes no time at all. */
async function start(when: (typeof times)[number], node: object = {}, layer: object = {}, plan: object = {}) {
  const retry: RetryPolicy = {
    maxAttempts: 3,
    on: ["timed-out", "errored"],
    when,
    backoff: { initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: "none" },
  };
  const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", retry, ...node }], ...layer }], plan));
  return rig;
}

describe.each(times)("retries %s", (when) => {
  it("come after an attempt that timed out, each with the attempt's whole time", async () => {
    const rig = await start(when, { attemptTimeoutMs: 5_000 });
    for (const attempt of [1, 2, 3]) {
      expect(rig.agent.started).toHaveLength(attempt);
      await rig.clock.advance(4_999);
      expect(rig.running).toEqual(["a"]);
      await rig.clock.advance(1);
      await rig.clock.advance(1_000);
    }
    await rig.summary;
    expect(rig.all("agent_completed").map(({ outcome }) => outcome)).toMatchObject(
      Array.from({ length: 3 }, () => ({ status: "timed-out", deadline: "attempt", limitMs: 5_000 })),
    );
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "attempt" });
    assertEventGrammar(rig.events);
  });

  it.each<["category" | "layer" | "run", object, object, object]>([
    ["category", { timeoutMs: 8_000 }, {}, {}],
    ["layer", {}, { budgetMs: 8_000 }, {}],
    ["run", {}, {}, { budgetMs: 8_000 }],
  ])("do not outlive the %s's deadline", async (deadline, node, layer, plan) => {
    const rig = await start(when, { attemptTimeoutMs: 5_000, ...node }, layer, plan);
    await rig.clock.advance(5_000);
    await rig.clock.advance(1_000);
    expect(rig.agent.started).toHaveLength(2);
    await rig.clock.advance(2_000);
    await rig.summary;
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline, limitMs: 8_000 });
    expect(rig.agent.started).toHaveLength(2);
    assertEventGrammar(rig.events);
  });

  it("do not come after a cancellation, during an attempt or between two", async () => {
    const during = await start(when);
    during.abort.abort(cancelled);
    await during.summary;
    expect(during.outcomeOf("a")).toEqual(cancelled);
    expect(during.agent.started).toHaveLength(1);

    const between = await start(when);
    await between.agent.end("a", { status: "errored", reason: "no luck" });
    between.abort.abort(cancelled);
    await between.summary;
    await between.clock.advance(60_000);
    expect(between.outcomeOf("a")).toMatchObject({ status: "errored" });
    expect(between.agent.started).toHaveLength(1);
    assertEventGrammar(between.events);
  });
});
