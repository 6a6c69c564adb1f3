import { readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { type PlanNodeSketch, type ShardUnionTask, shardUnionAgentName } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import type { TestFrameworkAdapter } from "../../src/adapters/test-framework-adapter.ts";
import { vitestAdapter } from "../../src/adapters/vitest.ts";
import { argv } from "../adapters/prepare.ts";
import { categoryNode, runNodes, temporaryProject } from "../category-run.ts";

const command = argv("vitest run");

/** Vitest, listing its files with its own `list` command. */
const listing: TestFrameworkAdapter = {
  ...vitestAdapter,
  list: {
    prepare: ({ reportFile }) => ({ command: argv(`vitest list --filesOnly --json=${reportFile}`) }),
    async read({ reportFile, cwd }) {
      const entries = JSON.parse(readFileSync(reportFile, "utf8")) as readonly { readonly file: string }[];
      return { of: "files", ids: entries.map(({ file }) => path.relative(cwd, file)) };
    },
  },
};

function project(): string {
  const names = ["a", "b", "c", "d", "e"];
  const root = temporaryProject({
    "vitest.config.mjs": 'export default { test: { include: ["*.case.mjs"], cache: false } };',
    ...Object.fromEntries(
      names.map((name) => [
        `${name}.case.mjs`,
        `import { test } from "vitest"; test("${name}1", () => { if (process.env.FAIL === "${name}") throw new Error("no"); }); test("${name}2", () => {});`,
      ]),
    ),
  });
  symlinkSync(path.resolve(import.meta.dirname, "../../../../node_modules"), path.join(root, "node_modules"));
  return root;
}

/** The nodes of a category in `total` shards, as a plan has them. */
function shards(root: string, total: number, env: Readonly<Record<string, string>> = {}): PlanNodeSketch[] {
  const parts = Array.from({ length: total }, (_, index) =>
    categoryNode(
      root,
      { command, env, shard: { index: index + 1, total }, partOf: "unit" },
      { id: `unit#${index + 1}` },
    ),
  );
  const ids = parts.map(({ id }) => id);
  const input: ShardUnionTask = { category: "unit", command, cwd: root, env, additionalArgs: [], shards: ids };
  return [...parts, { id: "unit", agent: shardUnionAgentName, input, needs: ids, parts: ids }];
}

describe("a category in three shards", () => {
  test("runs every test once, each shard its part, and the category has the counts of all", async () => {
    const root = project();
    const { summary, recorder } = await runNodes(root, shards(root, 3), { chooseAdapter: () => listing });
    expect(summary).toMatchObject({ outcome: { status: "passed" }, counts: { total: 10, passed: 10 } });
    const names = recorder.all("test_completed").map(({ test: { name } }) => name);
    expect(names.toSorted()).toEqual(["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2", "e1", "e2"]);
    const ends = Object.fromEntries(recorder.all("node_completed").map((end) => [end.nodeId, end]));
    expect(ends["unit"]).toMatchObject({ outcome: { status: "passed" }, counts: { total: 10 } });
    for (const id of ["unit#1", "unit#2", "unit#3"]) expect(ends[id]?.counts.total).toBeGreaterThan(0);
    expect(recorder.all("agent_logged")).toEqual([]);
  });

  test("fails for a file that no shard ran, and for one that two ran", async () => {
    const root = project();
    const [first, second, third, whole] = shards(root, 3) as [
      PlanNodeSketch,
      PlanNodeSketch,
      PlanNodeSketch,
      PlanNodeSketch,
    ];
    const input = { ...(third.input as object), shard: { index: 2, total: 3 } };
    const nodes = [first, second, { ...third, input }, whole];
    const { summary, recorder } = await runNodes(root, nodes, { chooseAdapter: () => listing });
    expect(summary.exitCode).toBe(1);
    expect(recorder.outcomeOf("unit")).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(
        /^1 file in no shard: \w\.case\.mjs; 2 files in more than one shard: .*unit#2, unit#3/,
      ),
    });
  });

  test("is failed by a shard that fails, and its union is not judged", async () => {
    const root = project();
    const { summary, recorder } = await runNodes(root, shards(root, 3, { FAIL: "c" }), {
      chooseAdapter: () => listing,
    });
    expect(summary.counts).toMatchObject({ total: 10, failed: 1 });
    expect(recorder.outcomeOf("unit")).toMatchObject({ status: "skipped", cause: "dependency" });
    expect(summary.outcome.status).toBe("failed");
  });

  test("passes with a warning where the framework cannot list its tests", async () => {
    const root = project();
    const adapter = { ...vitestAdapter, list: undefined } as unknown as TestFrameworkAdapter;
    const { summary, recorder } = await runNodes(root, shards(root, 2), { chooseAdapter: () => adapter });
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(recorder.all("agent_logged")).toMatchObject([
      { level: "warn", message: expect.stringContaining("vitest cannot list its tests") },
    ]);
  });

  test("is inconclusive when nobody knows what a shard ran", async () => {
    const root = project();
    const alone = shards(root, 2)
      .slice(-1)
      .map(({ id, agent, input }) => ({ id, agent, input }));
    const { summary } = await runNodes(root, alone, { chooseAdapter: () => listing });
    expect(summary.outcome).toMatchObject({ status: "inconclusive", reason: expect.stringContaining("left no list") });
    expect(summary.exitCode).toBe(5);
  });
});

describe("the environment of a shard", () => {
  test("says which one it is", async () => {
    const root = temporaryProject({});
    const task = { command: argv("printenv APEX_SHARD"), shard: { index: 2, total: 4 } };
    const plain: TestFrameworkAdapter = {
      name: "plain",
      matches: () => true,
      prepare: (options) => ({ command: options.command }),
    };
    const { recorder } = await runNodes(root, [categoryNode(root, task)], { chooseAdapter: () => plain });
    expect(recorder.all("output").map(({ text }) => text)).toEqual(["2/4\n"]);
  });
});
