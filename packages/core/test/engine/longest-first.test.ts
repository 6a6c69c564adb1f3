import { describe, expect, it } from "vitest";
import { weightsFrom } from "../../src/engine/node-weights.ts";
import { PlanGraph } from "../../src/engine/plan-graph.ts";
import type { KeptNode } from "../../src/engine/recover.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { TestRun } from "../../src/testing/test-run.ts";
import { type LayerSketch, planOf } from "../rig/run-rig.ts";

/** The order in which nodes start, one at a time. */
async function startsOf(layer: LayerSketch, past: Readonly<Record<string, number>>): Promise<string[]> {
  const run = new TestRun(planOf([layer], { maxParallel: 1 }), {
    agents: [
      scriptedAgent("rig", () => undefined),
      scriptedAgent("spawning", (_, { spawn }) => {
        spawn([
          { id: "short", agent: "rig", input: {} },
          { id: "long", agent: "rig", input: {} },
        ]);
      }),
    ],
    pastDurationsMs: new Map(Object.entries(past)),
  });
  await run.summary;
  return run.all("node_started").map(({ nodeId }) => nodeId);
}

function priorities(plan: Plan, past: Readonly<Record<string, number>>, kept?: ReadonlyMap<string, KeptNode>) {
  const graph = new PlanGraph(plan, weightsFrom(new Map(Object.entries(past)), kept));
  return Object.fromEntries(plan.nodes.map(({ id }, index) => [id, graph.priorities[index]]));
}

describe("what has most to come starts first", () => {
  it("among shards, each by its own past, and one that is new as long as the average", async () => {
    const parts = ["api#1", "api#2", "api#3", "api#4"];
    const nodes = [...parts, { id: "api", needs: parts, parts }];
    const past = { "api#1": 10, "api#2": 100, "api#3": 40, api: 1 };
    expect(await startsOf({ id: "l", nodes }, past)).toEqual(["api#2", "api#3", "api#4", "api#1", "api"]);
  });

  it("among nodes that an agent adds during the run", async () => {
    const nodes = [{ id: "parent", agent: "spawning" }, "other"];
    const past = { parent: 50, long: 30, other: 20, short: 10 };
    expect(await startsOf({ id: "l", nodes }, past)).toEqual(["parent", "long", "other", "short"]);
  });

  it("without what will not run: a skipped node makes nothing before it more urgent", () => {
    const skip = { cause: "not-configured" as const, reason: "not configured" };
    const plan = planOf([{ id: "l", nodes: ["a", { id: "absent", needs: ["a"], skip }, "b"] }]);
    expect(priorities(plan, { a: 10, b: 20 })).toEqual({ a: 10, absent: 0, b: 20 });
  });

  it("without what is kept of an earlier run", () => {
    const after = { outcome: { a: ["passed" as const, "failed" as const] } };
    const plan = planOf([{ id: "l", nodes: ["a", { id: "kept", when: after }, "b"] }]);
    const kept = new Map([["kept", {} as KeptNode]]);
    expect(priorities(plan, { a: 10, kept: 100, b: 20 }, kept)).toEqual({ a: 10, kept: 0, b: 20 });
  });
});
