import { definePlan } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { assertShardable, ShardsUnsupportedError } from "../../src/shards/shard-refusals.ts";
import { argv } from "../adapters/prepare.ts";
import { categoryNode } from "../category-run.ts";

const shard = { index: 1, total: 2 };
const node = (category: string, command: string, more: object = {}) =>
  categoryNode("/project", { category, command: argv(command), ...more });

describe("a plan with shards", () => {
  test("is refused with every category whose framework cannot be split, before anything runs", () => {
    const plan = definePlan({
      nodes: [
        node("unit", "vitest run", { shard }),
        node("lint", "make lint", { shard }),
        node("api", "./api", { shard }),
      ],
    });
    const refused = (): void => assertShardable(plan);
    expect(refused).toThrow(ShardsUnsupportedError);
    expect(refused).toThrow(/^lint cannot be run in shards: .*exit code alone.*\napi cannot be run in shards: /);
  });

  test("is taken where every framework can, and where a category is not split", () => {
    const nodes = [
      node("unit", "vitest run", { shard }),
      node("smoke", "node --test", { shard }),
      node("lint", "make"),
    ];
    expect(() => assertShardable(definePlan({ nodes }))).not.toThrow();
  });
});
