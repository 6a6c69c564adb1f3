import { describe, expect, it } from "vitest";
import { planOf, RunRig } from "../rig/run-rig.ts";

describe("a paused run", () => {
  it("starts nothing more, lets what runs go on, and goes on where it was", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", { id: "b", needs: ["a"] }] }]));
    rig.handle.pause("somebody needs the machine");
    await rig.agent.end("a");
    expect(rig.running).toEqual([]);
    await rig.clock.advance(5_000);
    rig.handle.resume();
    await rig.settle();
    expect(rig.running).toEqual(["b"]);
    expect(rig.all("run_paused")).toMatchObject([{ reason: "somebody needs the machine" }]);
    expect(rig.all("run_resumed")).toMatchObject([{ pausedMs: 5_000 }]);
  });

  it("does not spend the budgets of its layers and of the whole", async () => {
    const plan = planOf([{ id: "one", budgetMs: 10_000, nodes: ["a", { id: "b", needs: ["a"] }] }], {
      budgetMs: 20_000,
    });
    const rig = await RunRig.start(plan);
    await rig.clock.advance(6_000);
    rig.handle.pause();
    await rig.clock.advance(60_000);
    rig.handle.resume();
    await rig.clock.advance(3_999);
    expect(rig.running).toEqual(["a"]);
    await rig.clock.advance(1);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "layer" });
  });

  it("still holds the deadlines of nodes that run", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", timeoutMs: 1_000 }] }]));
    rig.handle.pause();
    await rig.clock.advance(1_000);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "category" });
  });

  it("comes to its end when it is cancelled", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", { id: "b", needs: ["a"] }] }]));
    rig.handle.pause();
    await rig.agent.end("a");
    rig.handle.cancel();
    expect((await rig.summary).outcome.status).toBe("cancelled");
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", cause: "cancelled" });
    expect(rig.recorder.types().filter((type) => /^run_(?!state)/.test(type))).toEqual([
      "run_started",
      "run_paused",
      "run_resumed",
      "run_completed",
    ]);
  });

  it("can be paused before it has started, and twice counts once", async () => {
    const rig = new RunRig(planOf([{ id: "one", nodes: ["a"] }]), {});
    rig.handle.pause();
    rig.handle.pause();
    await rig.settle();
    expect(rig.running).toEqual([]);
    rig.handle.resume();
    rig.handle.resume();
    await rig.settle();
    expect(rig.running).toEqual(["a"]);
    expect(rig.all("run_paused")).toHaveLength(1);
    expect(rig.all("run_resumed")).toHaveLength(1);
  });
});
