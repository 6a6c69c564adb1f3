import { describe, expect, it } from "vitest";
import { runPlan } from "../../src/controller/master-controller.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";

const whole = definePlan({
  layers: [
    { id: "one", nodes: [{ id: "a", agent: "x" }] },
    { id: "two", nodes: [{ id: "b", agent: "x" }] },
  ],
});
const [one, two] = whole.layers as [Plan["layers"][number], Plan["layers"][number]];
const [a, b] = whole.nodes as [Plan["nodes"][number], Plan["nodes"][number]];

async function problemsOf(plan: unknown): Promise<unknown> {
  const running = runPlan(plan as Plan, { agents: [{ name: "x", execute: async () => undefined }] });
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return (error as { problems?: unknown } | undefined)?.problems;
}

describe("a plan that does not hang together", () => {
  it("is refused before anything starts, with everything that is wrong", async () => {
    const plan = {
      ...whole,
      maxParallel: 0,
      layers: [{ ...one, nodes: ["a", "ghost"] }, two],
      nodes: [a, { ...b, timeoutMs: -1 }],
    };
    expect(await problemsOf(plan)).toEqual([
      "the plan's maxParallel must be a whole number from 1",
      "the layer one lists ghost, which the plan does not have",
      "timeoutMs of b must be a number that is not negative",
    ]);
  });

  it.each<[string, object, string]>([
    ["another version", { version: 2 }, "a plan of version 2, and only version 1 is known"],
    [
      "a layer's parallelism",
      { layers: [{ ...one, maxParallel: Number.NaN }, two] },
      "maxParallel of the layer one must be a whole number from 1",
    ],
    ["a budget", { budgetMs: Number.NaN }, "budgetMs of the plan must be a number that is not negative"],
    ["a node in two layers", { layers: [{ ...one, nodes: ["a", "b"] }, two] }, "b is in the layers one and two"],
    [
      "a node in no layer",
      { layers: [one, { ...two, nodes: [] }] },
      "b says that its layer is two, but no layer lists it",
    ],
    [
      "a node of an unknown layer",
      { nodes: [a, { ...b, layerId: "three" }] },
      "b says that its layer is three, but two lists it",
    ],
    [
      "no attempts",
      { nodes: [a, { ...b, retry: { ...b.retry, maxAttempts: 0 } }] },
      "maxAttempts of b must be a whole number from 1",
    ],
    [
      "a condition's outcomes",
      { nodes: [a, { ...b, when: { outcome: { a: "failed" } } }] },
      'when.outcome of b must list outcomes of a, such as ["passed"]',
    ],
    [
      "a condition's globs",
      { nodes: [a, { ...b, when: { changed: "src/**" } }] },
      "when.changed of b must be a list of globs",
    ],
    ["needs that are no list", { nodes: [a, { ...b, needs: "a" }] }, "needs of b must list names of nodes"],
    [
      "a node without a name",
      { layers: [one, { ...two, nodes: [""] }], nodes: [a, { ...b, id: "" }] },
      '"" is no id of a node',
    ],
  ])("is told by what is wrong: %s", async (_, over, problem) => {
    expect(await problemsOf({ ...whole, ...over })).toEqual([problem]);
  });

  it("is told apart from a graph that is none", async () => {
    const plan = { ...whole, nodes: [a, { ...b, needs: ["nobody"] }] };
    await expect(runPlan(plan, { agents: [{ name: "x", execute: async () => undefined }] })).rejects.toMatchObject({
      code: "APEX_DAG_INVALID",
    });
  });
});
