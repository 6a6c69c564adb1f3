import { describe, expect, it } from "vitest";
import { planOf, RunRig } from "../rig/run-rig.ts";

describe("deadlines", () => {
  it("names the category's deadline when that is the tightest", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", budgetMs: 60_000, nodes: [{ id: "a", timeoutMs: 2_000 }] }]));
    await rig.clock.advance(2_000);
    expect(rig.outcomeOf("a")).toEqual({
      status: "timed-out",
      deadline: "category",
      limitMs: 2_000,
      reason: "the category deadline of 2s was reached (a)",
    });
    expect((await rig.summary).exitCode).toBe(4);
  });

  it("clips a category's deadline to what its layer has left", async () => {
    const layer = { id: "one", executionMode: "sequential" as const, maxParallel: 1, budgetMs: 5_000 };
    const rig = await RunRig.start(planOf([{ ...layer, nodes: ["a", { id: "b", timeoutMs: 4_000 }, "c"] }]));
    await rig.clock.advance(3_000);
    await rig.agent.end("a");
    await rig.clock.advance(2_000);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "timed-out", deadline: "layer", limitMs: 5_000 });
    expect(rig.outcomeOf("c")).toMatchObject({ status: "skipped", cause: "deadline" });
    expect(rig.layerOutcome("one")).toMatchObject({ status: "timed-out", deadline: "layer" });
  });

  it("counts a layer as timed out when its budget kept a node from starting, even if everything else passed", async () => {
    const rig = await RunRig.start(
      planOf([
        { id: "one", budgetMs: 1_000, nodes: ["a", { id: "b", needs: ["elsewhere"] }] },
        { id: "two", nodes: ["elsewhere"] },
      ]),
    );
    await rig.agent.end("a");
    await rig.clock.advance(1_000);
    await rig.agent.end("elsewhere");
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", cause: "deadline" });
    expect(rig.layerOutcome("one")).toMatchObject({ status: "timed-out", deadline: "layer" });
    expect((await rig.summary).exitCode).toBe(4);
  });

  it("ends one attempt by its own deadline and gives the next one the rest of the category's", async () => {
    const retry = {
      maxAttempts: 3,
      on: ["timed-out" as const],
      backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" as const },
    };
    const rig = await RunRig.start(
      planOf([{ id: "one", nodes: [{ id: "a", timeoutMs: 5_000, attemptTimeoutMs: 3_000, retry }] }]),
    );
    await rig.clock.advance(3_000);
    expect(rig.all("agent_completed").at(-1)?.outcome).toMatchObject({ deadline: "attempt" });
    await rig.clock.advance(2_000);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "category" });
    expect(rig.agent.started).toEqual(["a", "a"]);
  });

  it("holds the run's own budget over all layers", async () => {
    const plan = planOf(
      [
        { id: "one", nodes: ["a"] },
        { id: "two", gates: ["one"], nodes: ["b"] },
      ],
      { budgetMs: 1_000 },
    );
    const rig = await RunRig.start(plan);
    await rig.clock.advance(1_000);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "run" });
    expect(await rig.summary).toMatchObject({ exitCode: 4 });
  });

  it("leaves behind an agent that ignores its signal, and silences it", async () => {
    const rig = new RunRig(planOf([{ id: "one", nodes: [{ id: "a", timeoutMs: 1_000 }] }]), { agentGraceMs: 500 });
    rig.agent.isDeaf = true;
    await rig.clock.advance(1_400);
    expect(rig.outcomeOf("a")).toBeUndefined();
    await rig.clock.advance(200);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "category" });
    await rig.summary;
    const heard = rig.events.length;
    rig.agent.running.get("a")?.context.think("still here");
    expect(rig.events).toHaveLength(heard);
  });

  it("leaves no timer behind when a run ends in time", async () => {
    const plan = planOf([{ id: "one", budgetMs: 9_000, nodes: [{ id: "a", timeoutMs: 5_000 }] }], { budgetMs: 10_000 });
    const rig = await RunRig.start(plan);
    await rig.agent.end("a");
    await rig.summary;
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("retries", () => {
  const retry = {
    maxAttempts: 3,
    on: ["failed" as const],
    backoff: { initialMs: 1_000, factor: 2, maxMs: 1_500, jitter: "none" as const },
  };
  const failed = { status: "failed" as const, reason: "1 of 1 tests failed" };

  it("tries again after exponentially longer waits up to the cap, and flags a late pass as flaky", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", retry }] }]));
    await rig.agent.end("a", failed);
    await rig.clock.advance(1_000);
    await rig.agent.end("a", failed);
    await rig.clock.advance(1_500);
    await rig.agent.end("a");
    await rig.summary;
    expect(rig.all("node_retrying").map((event) => event.delayMs)).toEqual([1_000, 1_500]);
    expect(rig.all("node_completed")).toMatchObject([{ attempts: 3, flaky: true, outcome: { status: "passed" } }]);
  });

  it("does not retry an outcome that the policy does not name", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", retry }] }]));
    await rig.agent.end("a", { status: "errored", reason: "no such command" });
    expect(rig.all("node_completed")).toMatchObject([{ attempts: 1, flaky: false }]);
  });

  it("keeps what the last attempt came to when it is cancelled while it waits for the next one", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", retry }] }]));
    await rig.agent.end("a", failed);
    rig.abort.abort({ status: "cancelled", by: "person", reason: "interrupted by Ctrl-C" });
    expect((await rig.summary).outcome).toMatchObject({ status: "cancelled" });
    expect(rig.all("node_completed")).toMatchObject([{ attempts: 1, outcome: failed }]);
    expect(rig.agent.started).toEqual(["a"]);
  });

  it("does not wait for an attempt that its deadline would not let begin", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", retry, timeoutMs: 500 }] }]));
    await rig.agent.end("a", failed);
    expect(rig.outcomeOf("a")).toEqual(failed);
  });
});
