import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import type { Selection } from "../../src/plan/selection.ts";
import { showPlan } from "../../src/plan/show/show-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { shardUnionAgentName } from "../../src/plan/shard-nodes.ts";
import type { TestResult } from "../../src/test-result.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

async function plan(yaml: string, selection: Selection): Promise<Plan> {
  const config = await loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });
  expect(config.warnings).toEqual([]);
  return resolvePlan(config, { maxParallel: 4, ...selection });
}

const sharded = [
  "categories:",
  "  api: { command: vitest run, shards: 3, timeout: 30s, retry: { on: [assertion] } }",
  "  database: { command: vitest run, needs: [api] }",
].join("\n");
const both = { categories: ["api", "database"] };

describe("a category with shards", () => {
  it("is a node for each, and one of its own name that needs them all and that others can need", async () => {
    const { nodes, layers } = await plan(sharded, both);
    expect(nodes.map(({ id, needs }) => [id, needs])).toEqual([
      ["database", ["api"]],
      ["api#1", []],
      ["api#2", []],
      ["api#3", []],
      ["api", ["api#1", "api#2", "api#3"]],
    ]);
    expect(layers[0]?.nodes).toEqual(nodes.map(({ id }) => id));
    expect(nodes[2]).toMatchObject({
      input: { category: "api", shard: { index: 2, total: 3 }, partOf: "api" },
      timeoutMs: 30_000,
      retry: { maxAttempts: 2 },
    });
    expect(nodes[4]).toMatchObject({ agent: shardUnionAgentName, parts: ["api#1", "api#2", "api#3"] });
  });

  it("is shown as one category with its shards", async () => {
    const text = showPlan(await plan(sharded, both), "text");
    expect(text).toContain("2 of 2 categories configured");
    expect(text).toMatch(/- api#2 +vitest run {2}\(shard 2\/3 · at most 30s · up to 2 attempts\)/);
    expect(text).toMatch(/- api +all of api#1 to api#3, and that they were all its tests/);
  });

  it("is not split for single tests, nor where one shard is asked of all", async () => {
    const selected = await plan(sharded, { categories: ["api"], selectors: [{ file: "a.test.ts", path: [] }] });
    expect(selected.nodes.map(({ id }) => id)).toEqual(["api"]);
    const one = await plan(sharded, { ...both, shard: { index: 2, total: 4 } });
    expect(one.nodes.map(({ id, input }) => [id, input])).toMatchObject([
      ["database", { shard: { index: 2, total: 4 } }],
      ["api", { shard: { index: 2, total: 4 } }],
    ]);
    expect(one.shard).toEqual({ index: 2, total: 4 });
    expect(one.notes).toContain("shard 2/4 of each category: what passes here proves that part alone");
  });

  it("says so where its layer runs one node at a time", async () => {
    const { notes } = await plan("categories: { unit: { command: vitest run, shards: 2 } }", { categories: ["unit"] });
    expect(notes).toContain("unit has 2 shards, and its layer runs them one after another: it is sequential");
  });

  it("cannot be done by an agent, and one shard of all not together with single tests", async () => {
    const agent = "plugins: []\ncategories: { api: { agent: mine, shards: 2 } }";
    await expect(plan(agent, both)).rejects.toThrow("shards and agent do not go together");
    const asked = { categories: ["api"], shard: { index: 1, total: 2 } };
    await expect(plan(sharded, { ...asked, selectors: [{ file: "a", path: [] }] })).rejects.toThrow("--test-file");
  });
});

describe("a run of shards", () => {
  const test = (name: string): TestResult => ({ id: name, name, suites: [], durationMs: 1, status: "passed" });
  const runner = scriptedAgent("layer-execution", (_: unknown, { node, emit }) => {
    emit({ type: "test_completed", test: test(`${node.id} one`) });
    emit({ type: "test_completed", test: test(`${node.id} two`) });
  });
  const union = scriptedAgent(shardUnionAgentName, () => undefined);

  it("counts each test once: the category's own node has the counts of its shards, the layer and the run do not add them", async () => {
    const recorder = new EventRecorder();
    const { layers, nodes, ...rest } = await plan(sharded, both);
    const summary = await runPlan({ ...rest, layers, nodes }, { agents: [runner, union], reporters: [recorder] });
    const counts = Object.fromEntries(recorder.all("node_completed").map((end) => [end.nodeId, end.counts.total]));
    expect(counts).toEqual({ "api#1": 2, "api#2": 2, "api#3": 2, api: 6, database: 2 });
    expect(summary.counts.total).toBe(8);
    expect(recorder.all("layer_completed")[0]?.counts.total).toBe(8);
  });
});
