import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  type CategoryTask,
  definePlan,
  type PlanNodeSketch,
  type ShardUnionTask,
  shardUnionAgentName,
} from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { assertShardable } from "../../src/shards/shard-refusals.ts";
import { balanceShards } from "../../src/shards/balance-shards.ts";
import { argv } from "../adapters/prepare.ts";
import { categoryNode, runNodes, temporaryProject } from "../category-run.ts";

interface Framework {
  readonly command: string;
  readonly config: Readonly<Record<string, string>>;
  /** A file with one test of a name. */
  readonly file: (name: string) => string;
  /** A file that cannot be loaded. */
  readonly broken: string;
}

const frameworks: Readonly<Record<string, Framework>> = {
  vitest: {
    command: "vitest run",
    config: {
      "vitest.config.mjs": 'export default { test: { include: ["**/*.case.cjs", "*.case.mjs"], cache: false } };',
    },
    file: (name) => `import { test } from "vitest"; test("${name}", () => {});`,
    broken: "import './absent.mjs';",
  },
  jest: {
    command: "jest",
    config: {
      "jest.config.cjs":
        'module.exports = { testMatch: ["**/*.case.mjs"], transform: {}, moduleFileExtensions: ["mjs", "js"] };',
    },
    file: (name) => `test("${name}", () => {});`,
    broken: "throw new Error('broken');",
  },
  mocha: {
    command: "mocha *.case.mjs setup.cjs",
    config: { "setup.cjs": "before(() => { globalThis.isSetUp = true; });" },
    file: (name) => `it("${name}", () => { if (!globalThis.isSetUp) throw new Error("no setup"); });`,
    broken: "throw new Error('broken');",
  },
};

const pastMs = {
  "slow.case.mjs": 9_000,
  "a.case.mjs": 3_000,
  "b.case.mjs": 3_000,
  "c.case.mjs": 3_000,
  "d.case.mjs": 4_500,
  "e.case.mjs": 4_500,
};
const names = ["slow", "a", "b", "c", "d", "e"];

function project({ config, file }: Framework): string {
  const files = Object.fromEntries(names.map((name) => [`${name}.case.mjs`, file(name)]));
  const root = temporaryProject({ ...config, ...files, "package.json": "{}" });
  symlinkSync(path.resolve(import.meta.dirname, "../../node_modules"), path.join(root, "node_modules"));
  return root;
}

function shards(
  root: string,
  { command }: Framework,
  total: number,
  past: Readonly<Record<string, number>>,
): PlanNodeSketch[] {
  const task = { command: argv(command), partOf: "unit" };
  const parts = Array.from({ length: total }, (_, index) =>
    categoryNode(root, { ...task, shard: { index: index + 1, total } }, { id: `unit#${index + 1}` }),
  );
  const ids = parts.map(({ id }) => id);
  const input: ShardUnionTask = {
    category: "unit",
    command: task.command,
    cwd: root,
    env: {},
    additionalArgs: [],
    shards: ids,
  };
  const whole: PlanNodeSketch = { id: "unit", agent: shardUnionAgentName, input, needs: ids, parts: ids };
  const plan = balanceShards(definePlan({ nodes: [...parts, whole] }), new Map([["unit", past]]));
  assertShardable(plan);
  return [...plan.nodes];
}

/** The tests that each shard ran. */
async function testsOf(root: string, nodes: readonly PlanNodeSketch[]) {
  const { summary, recorder } = await runNodes(root, nodes, { maxParallel: 3 });
  const ran = new Map<string, string[]>(nodes.filter(({ parts }) => !parts).map(({ id }) => [id, []]));
  for (const { nodeId, test: own } of recorder.all("test_completed")) ran.get(nodeId)?.push(own.name);
  return { summary, recorder, ran: [...ran.values()].map((own) => own.toSorted()) };
}

const named = Object.entries(frameworks).map(([name, framework]) => ({ name, framework }));

describe.each(named)("the shards of a category of $name with past times", ({ framework }) => {
  test("take about the same time, and are all of its tests, each once", async () => {
    const root = project(framework);
    const { summary, recorder, ran } = await testsOf(root, shards(root, framework, 3, pastMs));
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(ran).toEqual([["slow"], ["a", "c", "d"], ["b", "e"]]);
    expect(recorder.outcomeOf("unit")).toEqual({ status: "passed" });
    expect(recorder.all("agent_logged")).toEqual([]);
  }, 120_000);

  test("run a file that history has never seen once, and miss none that is gone", async () => {
    const root = project(framework);
    writeFileSync(path.join(root, "new.case.mjs"), framework.file("new"));
    rmSync(path.join(root, "d.case.mjs"));
    const { summary, recorder, ran } = await testsOf(root, shards(root, framework, 3, pastMs));
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(ran.flat().toSorted()).toEqual(["a", "b", "c", "e", "new", "slow"]);
    expect(ran[0]).toEqual(["slow"]);
    expect(recorder.outcomeOf("unit")).toEqual({ status: "passed" });
  }, 120_000);

  test("pass without a file where there are more shards than files", async () => {
    const root = project(framework);
    for (const name of ["b", "c", "d", "e"]) rmSync(path.join(root, `${name}.case.mjs`));
    const { summary, ran } = await testsOf(root, shards(root, framework, 3, pastMs));
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(ran).toEqual([["slow"], ["a"], []]);
  }, 120_000);

  test("do not pass with a file that cannot be loaded", async () => {
    const root = project(framework);
    writeFileSync(path.join(root, "broken.case.mjs"), framework.broken);
    const { summary } = await testsOf(root, shards(root, framework, 3, pastMs));
    expect(summary.exitCode).not.toBe(0);
  }, 120_000);
});

describe("files of one name in several folders", () => {
  test("run once each with vitest, which takes the name of one for a part of the path of the other", async () => {
    const framework = frameworks["vitest"] as Framework;
    const config = 'export default { test: { include: ["**/*.case.mjs"], cache: false } };';
    const nested = temporaryProject({
      "vitest.config.mjs": config,
      "a.case.mjs": framework.file("a"),
      "sub/a.case.mjs": framework.file("sub a"),
      "sub/ba.case.mjs": framework.file("sub ba"),
      "b.case.mjs": framework.file("b"),
    });
    symlinkSync(path.resolve(import.meta.dirname, "../../../../node_modules"), path.join(nested, "node_modules"));
    const { summary, ran } = await testsOf(nested, shards(nested, framework, 2, { "b.case.mjs": 5 }));
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(ran).toEqual([["a", "sub a", "sub ba"], ["b"]]);
  }, 120_000);
});

describe("mocha, whose config adds files of its own to those of the command line", () => {
  test("fails a shard that ran the files of others, by their names", async () => {
    const framework = frameworks["mocha"] as Framework;
    const root = project(framework);
    writeFileSync(path.join(root, ".mocharc.json"), JSON.stringify({ spec: ["a.case.mjs"] }));
    const { summary, recorder } = await testsOf(root, shards(root, framework, 3, pastMs));
    expect(summary.exitCode).toBe(1);
    expect(recorder.outcomeOf("unit#1")).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("(a.case.mjs)"),
    });
  }, 120_000);
});

describe("a shard that cannot list the files", () => {
  test("is errored: no other part of the tests would fit to what the others run", async () => {
    const framework = frameworks["vitest"] as Framework;
    const root = project(framework);
    const [first, ...rest] = shards(root, framework, 3, pastMs) as [PlanNodeSketch, ...PlanNodeSketch[]];
    const input = { ...(first.input as CategoryTask), additionalArgs: ["--config", "absent.config.mjs"] };
    const { recorder } = await testsOf(root, [{ ...first, input }, ...rest]);
    expect(recorder.outcomeOf("unit#1")).toMatchObject({
      status: "errored",
      reason: expect.stringContaining("shares the files of unit with other shards: the command that lists them ended"),
    });
    expect(recorder.outcomeOf("unit")).toMatchObject({ status: "skipped" });
  }, 120_000);
});
