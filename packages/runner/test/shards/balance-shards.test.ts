import { type CategoryTask, definePlan, type Plan } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { balanceShards } from "../../src/shards/balance-shards.ts";
import { assertShardable } from "../../src/shards/shard-refusals.ts";
import { argv } from "../adapters/prepare.ts";
import { categoryNode } from "../category-run.ts";

/** A category in two shards, and one that is whole. */
function planOf(command: string, over: Partial<CategoryTask> = {}): Plan {
  const shard = (index: number) =>
    categoryNode(
      "/project",
      { command: argv(command), shard: { index, total: 2 }, partOf: "unit", ...over },
      { id: `unit#${index}` },
    );
  const whole = categoryNode("/project", { category: "api", command: argv(command) });
  return definePlan({ nodes: [shard(1), shard(2), whole] });
}

const past = new Map([
  ["unit", { "a.js": 10.4, "b.js": 20 }],
  ["api", { "c.js": 5 }],
]);
const durationsOf = (plan: Plan) => plan.nodes.map(({ input }) => (input as CategoryTask).fileDurationsMs);

describe("balancing shards", () => {
  test("gives every shard the same past times, in whole milliseconds, and says so in the plan", () => {
    const balanced = balanceShards(planOf("vitest run"), past);
    const known = { "a.js": 10, "b.js": 20 };
    expect(durationsOf(balanced)).toEqual([known, known, undefined]);
    expect(balanced.notes).toEqual(["the shards of unit share its files out by the past times of 2 files"]);
  });

  test("leaves a plan as it is where nothing is known of its shards", () => {
    const plan = planOf("vitest run");
    expect(balanceShards(plan, new Map([["other", { "a.js": 1 }]]))).toBe(plan);
    expect(balanceShards(plan, new Map([["unit", {}]]))).toBe(plan);
  });

  test.each([
    ["node --test", "node:test cannot list its files or run a choice of them"],
    ["playwright test", "playwright cannot list its files or run a choice of them"],
    ["vitest related a.ts", "vitest cannot list the files that are related to others"],
  ])("leaves `%s` to its framework, and says why", (command, why) => {
    const balanced = balanceShards(planOf(command), past);
    expect(durationsOf(balanced)).toEqual([undefined, undefined, undefined]);
    expect(balanced.notes).toEqual([`the shards of unit do not go by past times: ${why}`]);
  });

  test("takes no more files along than the log of a run should hold", () => {
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`${index}.js`, 1]));
    const { notes } = balanceShards(planOf("vitest run"), new Map([["unit", many]]));
    expect(notes).toEqual([
      "the shards of unit do not go by past times: 1001 files are more than the 1000 that a plan takes along",
    ]);
  });

  test("touches a single shard, whose others are on other machines, only when all are given the same past", () => {
    const shard = categoryNode("/project", { command: argv("vitest run"), shard: { index: 1, total: 2 } });
    const plan = definePlan({ nodes: [shard] });
    const { notes, nodes } = balanceShards(plan, past);
    expect(nodes).toEqual(plan.nodes);
    expect(notes).toEqual(["the shards of unit do not go by past times: other machines may know others"]);
    expect(durationsOf(balanceShards(plan, past, { isSameEverywhere: true }))).toEqual([{ "a.js": 10, "b.js": 20 }]);
  });
});

describe("mocha, which knows no shards", () => {
  test("can be run in shards by its files, also without a past", () => {
    expect(() => assertShardable(planOf("mocha"))).not.toThrow();
  });
});
