import { describe, expect, it } from "vitest";
import { failed, planOf, RunRig } from "../rig/run-rig.ts";

describe("what may run at once", () => {
  it("runs a parallel layer's nodes side by side, up to the run's limit", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", "b", "c"] }], { maxParallel: 2 }));
    expect(rig.running).toEqual(["a", "b"]);
    await rig.agent.end("a");
    expect(rig.running).toEqual(["b", "c"]);
    await rig.agent.end("b");
    await rig.agent.end("c");
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
  });

  it("keeps a layer to its own parallelism while another layer uses the rest", async () => {
    const rig = await RunRig.start(
      planOf([
        { id: "narrow", maxParallel: 1, nodes: ["a", "b"] },
        { id: "wide", nodes: ["c", "d"] },
      ]),
    );
    expect(rig.running.toSorted()).toEqual(["a", "c", "d"]);
  });

  it("runs a sequential layer in its declared order, whatever is still to come after a node", async () => {
    const plan = planOf([
      { id: "one", executionMode: "sequential", maxParallel: 1, nodes: ["first", "second"] },
      { id: "two", nodes: [{ id: "after", needs: ["second"] }] },
    ]);
    const rig = await RunRig.start(plan);
    expect(rig.running).toEqual(["first"]);
  });

  it("starts first what has the longest path after it", async () => {
    const plan = planOf([{ id: "one", nodes: ["short", "long", { id: "after", needs: ["long"] }] }], {
      maxParallel: 1,
    });
    const rig = await RunRig.start(plan);
    expect(rig.running).toEqual(["long"]);
  });

  it("runs an exclusive node alone, and does not let others starve it", async () => {
    const nodes = [{ id: "big", exclusive: true }, "a", "b", { id: "after", needs: ["big"] }];
    const rig = await RunRig.start(planOf([{ id: "one", nodes }], { maxParallel: 2 }));
    expect(rig.running).toEqual(["big"]);
    await rig.agent.end("big");
    expect(rig.running).toEqual(["a", "b"]);
  });

  it("waits for what runs before it starts an exclusive node", async () => {
    const nodes = ["a", { id: "long", needs: ["a"] }, { id: "alone", exclusive: true, needs: ["a"] }, "b"];
    const rig = await RunRig.start(planOf([{ id: "one", nodes }], { maxParallel: 2 }));
    expect(rig.running).toEqual(["a", "b"]);
    await rig.agent.end("a");
    expect(rig.running).toEqual(["b", "long"]);
    await rig.agent.end("b");
    expect(rig.running).toEqual(["long"]);
    await rig.agent.end("long");
    expect(rig.running).toEqual(["alone"]);
  });

  it("gives running nodes distinct slots below the parallelism", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", "b", "c"] }], { maxParallel: 2 }));
    const slot = (id: string): number | undefined => rig.agent.running.get(id)?.context.node.slot;
    expect([slot("a"), slot("b")].toSorted((left = 0, right = 0) => left - right)).toEqual([0, 1]);
    const freed = slot("a");
    await rig.agent.end("a");
    expect(slot("c")).toBe(freed);
  });
});

describe("order between nodes", () => {
  it("starts a node once all that it needs has passed", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", "b", { id: "c", needs: ["a", "b"] }] }]));
    expect(rig.running).toEqual(["a", "b"]);
    await rig.agent.end("a");
    expect(rig.running).toEqual(["b"]);
    await rig.agent.end("b");
    expect(rig.running).toEqual(["c"]);
  });

  it("skips everything behind a node that failed, and says what it needs", async () => {
    const nodes = ["a", { id: "b", needs: ["a"] }, { id: "c", needs: ["b"] }, "free"];
    const rig = await RunRig.start(planOf([{ id: "one", nodes }]));
    await rig.agent.end("a", failed);
    expect(rig.outcomeOf("b")).toEqual({
      status: "skipped",
      cause: "dependency",
      reason: "needs what did not pass: a failed",
    });
    expect(rig.outcomeOf("c")).toMatchObject({ status: "skipped", reason: "needs what did not pass: b was skipped" });
    expect(rig.running).toEqual(["free"]);
    await rig.agent.end("free");
    expect((await rig.summary).nodes).toEqual({ total: 4, kept: 0, passed: 1, notPassed: 1, skipped: 2 });
  });

  it("survives a chain of 20,000 nodes that all end at once", async () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => ({
      id: `n${index}`,
      needs: index === 0 ? [] : [`n${index - 1}`],
    }));
    const rig = await RunRig.start(planOf([{ id: "one", nodes: chain }]));
    await rig.agent.end("n0", failed);
    expect((await rig.summary).nodes).toMatchObject({ notPassed: 1, skipped: 19_999 });
  });
});

describe("layer gates", () => {
  const layers = [
    { id: "fast", nodes: ["unit"] },
    { id: "core", gates: ["fast"], nodes: ["api", "db"] },
    { id: "service", gates: ["core"], nodes: ["agent"] },
  ];

  it("opens a layer only when the layer before it has passed", async () => {
    const rig = await RunRig.start(planOf(layers));
    expect(rig.running).toEqual(["unit"]);
    await rig.agent.end("unit");
    expect(rig.running).toEqual(["api", "db"]);
    await rig.agent.end("api");
    expect(rig.running).toEqual(["db"]);
    await rig.agent.end("db");
    expect(rig.running).toEqual(["agent"]);
  });

  it("skips the layers behind one that failed, with the reason, and runs nothing of them", async () => {
    const rig = await RunRig.start(planOf(layers));
    await rig.agent.end("unit", failed);
    const summary = await rig.summary;
    expect(rig.agent.started).toEqual(["unit"]);
    expect(rig.outcomeOf("api")).toEqual({
      status: "skipped",
      cause: "dependency",
      reason: "fast failed",
    });
    expect(rig.layerOutcome("service")).toMatchObject({ status: "skipped", reason: "core was skipped" });
    expect(rig.all("layer_started").map((event) => event.layerId)).toEqual(["fast"]);
    expect(summary).toMatchObject({ exitCode: 1, outcome: { status: "failed" } });
  });

  it("does not hold back what comes after a layer in which nothing is configured", async () => {
    const skip = { cause: "not-configured" as const, reason: "no command" };
    const rig = await RunRig.start(
      planOf([
        { id: "fast", nodes: [{ id: "unit", skip }] },
        { id: "core", gates: ["fast"], nodes: ["api"] },
      ]),
    );
    expect(rig.running).toEqual(["api"]);
    await rig.agent.end("api");
    expect((await rig.summary).exitCode).toBe(0);
  });

  it("does not hold back a node that needs one which is not configured", async () => {
    const skip = { cause: "not-configured" as const, reason: "no command" };
    const rig = await RunRig.start(
      planOf([
        {
          id: "fast",
          nodes: [
            { id: "smoke", skip },
            { id: "unit", needs: ["smoke"] },
          ],
        },
      ]),
    );
    expect(rig.running).toEqual(["unit"]);
  });

  it("ends with exit code 6 when nothing ran at all", async () => {
    const skip = { cause: "not-configured" as const, reason: "no command" };
    const rig = await RunRig.start(planOf([{ id: "fast", nodes: [{ id: "unit", skip }] }]));
    expect((await rig.summary).exitCode).toBe(6);
    expect(await (await RunRig.start(planOf([]))).summary).toMatchObject({ exitCode: 6 });
  });
});
