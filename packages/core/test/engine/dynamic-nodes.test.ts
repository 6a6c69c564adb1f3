import { describe, expect, it } from "vitest";
import type { RunPlanOptions } from "../../src/controller/master-controller.ts";
import type { SpawnedNode } from "../../src/agents/agent-context.ts";
import { failed, type LayerSketch, type NodeSketch, planOf, RunRig } from "../rig/run-rig.ts";

const shard = (id: string, over: Partial<SpawnedNode> = {}): SpawnedNode => ({ id, agent: "rig", input: {}, ...over });
const retrying: NodeSketch["retry"] = {
  maxAttempts: 2,
  on: ["errored"],
  backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" },
};

function start(
  nodes: LayerSketch["nodes"],
  options: Partial<RunPlanOptions> & { clock?: never } = {},
  after: LayerSketch[] = [],
) {
  return RunRig.start(planOf([{ id: "one", nodes }, ...after]), options);
}

describe("nodes that an agent adds", () => {
  it("run in its layer once it has passed, and what needs it waits for them too", async () => {
    const rig = await start(["split", { id: "merge", needs: ["split"] }]);
    rig.agent.context("split").spawn([shard("s1"), shard("s2")]);
    expect(rig.running).toEqual(["split"]);
    await rig.agent.end("split");
    expect(rig.running.toSorted()).toEqual(["s1", "s2"]);
    await rig.agent.end("s1");
    expect(rig.running).toEqual(["s2"]);
    await rig.agent.end("s2");
    expect(rig.running).toEqual(["merge"]);
    await rig.agent.end("merge");
    const summary = await rig.summary;
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(summary.nodes).toMatchObject({ total: 4, passed: 4 });
  });

  it("are told in the stream as part of the plan, before they start", async () => {
    const rig = await start(["split"]);
    rig.agent.context("split").spawn([shard("s1", { input: { part: 1 } })]);
    await rig.agent.end("split");
    const [extended] = rig.all("plan_extended");
    expect(extended).toMatchObject({
      by: "split",
      nodes: [{ id: "s1", layerId: "one", spawnedBy: "split", needs: ["split"], input: { part: 1 } }],
    });
    const started = rig.all("node_started").find((event) => event.nodeId === "s1");
    expect(started?.seq).toBeGreaterThan(extended?.seq ?? Number.POSITIVE_INFINITY);
  });

  it("hold their layer open, and the layers behind its gate", async () => {
    const rig = await start(["split"], {}, [{ id: "two", gates: ["one"], nodes: ["after"] }]);
    rig.agent.context("split").spawn([shard("s1")]);
    await rig.agent.end("split");
    expect(rig.running).toEqual(["s1"]);
    await rig.agent.end("s1", failed);
    expect(rig.layerOutcome("one")?.status).toBe("failed");
    expect(rig.outcomeOf("after")).toMatchObject({ status: "skipped", cause: "dependency" });
  });

  it("are forgotten with an attempt that did not pass, so a retry never doubles them", async () => {
    const rig = await start([{ id: "split", retry: retrying }]);
    rig.agent.context("split").spawn([shard("s1")]);
    await rig.agent.crash("split", new Error("half-way"));
    await rig.clock.advance(1);
    rig.agent.context("split").spawn([shard("s1")]);
    await rig.agent.end("split");
    expect(rig.all("plan_extended")).toHaveLength(1);
    await rig.agent.end("s1");
    expect((await rig.summary).nodes.total).toBe(2);
  });

  it("can add nodes themselves, and what needs the first one waits for all of them", async () => {
    const rig = await start(["a", { id: "end", needs: ["a"] }]);
    rig.agent.context("a").spawn([shard("b")]);
    await rig.agent.end("a");
    rig.agent.context("b").spawn([shard("c")]);
    await rig.agent.end("b");
    expect(rig.running).toEqual(["c"]);
    await rig.agent.end("c");
    expect(rig.running).toEqual(["end"]);
  });

  it("may need each other and other nodes of the plan", async () => {
    const rig = await start(["split", "other"]);
    rig.agent.context("split").spawn([shard("s2", { needs: ["s1", "other"] }), shard("s1")]);
    await rig.agent.end("split");
    expect(rig.running.toSorted()).toEqual(["other", "s1"]);
    await rig.agent.end("s1");
    expect(rig.running).toEqual(["other"]);
    await rig.agent.end("other");
    expect(rig.running).toEqual(["s2"]);
  });
});

describe("nodes that do not fit", () => {
  it.each<[string, readonly unknown[], RegExp]>([
    ["an id that is taken", [shard("split")], /adds split, which the plan has already/],
    ["two with one id", [shard("s1"), shard("s1")], /adds s1, which the plan has already/],
    ["an unknown agent", [shard("s1", { agent: "rgi" })], /there is no agent "rgi"/],
    ["an unknown need", [shard("s1", { needs: ["splti"] })], /needs splti, which does not exist/],
    ["an unknown condition", [shard("s1", { when: { check: "x" } })], /condition x, which does not exist/],
    ["a circle", [shard("s1", { needs: ["s2"] }), shard("s2", { needs: ["s1"] })], /circular/],
    ["one that needs what waits for its own parent", [shard("s1", { needs: ["merge"] })], /circular/],
    [
      "a condition that is none",
      [shard("s1", { when: { outcome: { split: "passed" as never } } })],
      /must list outcomes/,
    ],
    ["a negative time", [shard("s1", { timeoutMs: -1 })], /timeoutMs of s1 must be a number/],
    ["one without an id", [{ agent: "rig" }], /invalid/],
    ["what is no list", "s1" as never, /takes a list/],
    ["what JSON cannot hold", [shard("s1", { input: 1n })], /does not survive JSON/],
  ])("are refused where they are added: %s", async (_, nodes, message) => {
    const rig = await start(["split", { id: "merge", needs: ["split"] }]);
    const context = rig.agent.context("split");
    expect(() => context.spawn(nodes as SpawnedNode[])).toThrow(
      expect.objectContaining({ code: "APEX_SPAWN_INVALID", message: expect.stringMatching(message) }),
    );
    await rig.agent.end("split");
    await rig.agent.end("merge");
    expect((await rig.summary).nodes.total).toBe(2);
  });

  it("are refused beyond what a run may grow by, over all agents together", async () => {
    const rig = await start(["a", "b"], { maxSpawnedNodes: 2 });
    rig.agent.context("a").spawn([shard("a1"), shard("a2")]);
    expect(() => rig.agent.context("a").spawn([shard("a3")])).toThrow(/the run may grow by 2 more/);
    rig.agent.context("b").spawn([shard("b1")]);
    await rig.agent.end("a");
    await rig.agent.end("b");
    expect(rig.outcomeOf("b")).toMatchObject({ status: "errored", reason: expect.stringContaining("grow by 0 more") });
  });

  it("make their node errored when another agent has taken the id meanwhile", async () => {
    const rig = await start(["a", "b"]);
    rig.agent.context("a").spawn([shard("same")]);
    rig.agent.context("b").spawn([shard("same")]);
    await rig.agent.end("a");
    await rig.agent.end("b");
    expect(rig.outcomeOf("b")).toMatchObject({ status: "errored", reason: expect.stringContaining("adds same") });
  });

  it("cannot be added once the attempt is over", async () => {
    const rig = await start(["a", "b"]);
    const context = rig.agent.context("a");
    await rig.agent.end("a");
    expect(() => context.spawn([shard("late")])).toThrow(expect.objectContaining({ code: "APEX_ATTEMPT_OVER" }));
  });
});
