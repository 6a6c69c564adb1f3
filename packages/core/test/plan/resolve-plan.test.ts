import { describe, expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { type Plan, planNotes } from "../../src/plan/plan.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import type { Selection } from "../../src/plan/selection.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const everyCategory =
  "smoke unit database api websocket integration agent e2e_critical frontend cypress e2e performance"
    .split(" ")
    .map((name) => `  ${name}: { command: run-${name} }`)
    .join("\n");

function config(yaml = `categories:\n${everyCategory}\n`): Promise<Config> {
  return loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });
}

async function plan(selection: Selection, yaml?: string): Promise<Plan> {
  return resolvePlan(await config(yaml), { maxParallel: 8, ...selection });
}

const layerIds = (resolved: Plan): string[] => resolved.layers.map((layer) => layer.id);
const nodeIds = (resolved: Plan): string[] => resolved.nodes.map((node) => node.id);

describe("run modes", () => {
  it("nightly is the default: the three foreground layers, each gated by the one before", async () => {
    const resolved = await plan({});
    expect(resolved.runMode).toBe("nightly");
    expect(resolved.layers.map((layer) => [layer.id, layer.gates])).toEqual([
      ["fast_feedback", []],
      ["core_integration", ["fast_feedback"]],
      ["service_integration", ["core_integration"]],
    ]);
    expect(nodeIds(resolved)).toHaveLength(9);
  });

  it("fast_feedback is that layer alone, sequential", async () => {
    const resolved = await plan({ runMode: "fast_feedback" });
    expect(layerIds(resolved)).toEqual(["fast_feedback"]);
    expect(resolved.layers[0]).toMatchObject({ maxParallel: 1, budgetMs: 120_000, failurePolicy: "stop-starting" });
  });

  it("background takes what it leaves out as passed, and says so", async () => {
    const resolved = await plan({ runMode: "background" });
    expect(resolved.layers).toMatchObject([{ id: "e2e_background", gates: [], assumed: ["service_integration"] }]);
    expect(resolved.notes.join("\n")).toContain(
      "e2e_background depends on service_integration, which this selection leaves out: taken as passed",
    );
  });

  it("of one's own pull in what their layers depend on, unless they assume it", async () => {
    const yaml = `categories:\n${everyCategory}\nmodes:\n  strict: { layers: [core_integration], budget: 8m }\n  loose: { layers: [core_integration], dependencies: assume }\n`;
    const strict = await plan({ runMode: "strict" }, yaml);
    expect(layerIds(strict)).toEqual(["fast_feedback", "core_integration"]);
    expect(strict.budgetMs).toBe(480_000);
    expect(layerIds(await plan({ runMode: "loose" }, yaml))).toEqual(["core_integration"]);
  });

  it("leave out built-in layers in which nothing is configured, say so, and hold nothing back for them", async () => {
    const resolved = await plan({}, "categories: { unit: { command: x }, frontend: { command: y } }\n");
    expect(layerIds(resolved)).toEqual(["fast_feedback", "service_integration"]);
    expect(resolved.layers[1]).toMatchObject({ gates: ["fast_feedback"], assumed: [] });
    expect(planNotes(resolved)).toContain(
      "core_integration is left out: none of its categories is configured (database, api, websocket, integration)",
    );
  });

  it("keep what is not configured in the plan", async () => {
    const resolved = await plan({ runMode: "fast_feedback" }, "categories: { unit: { command: x } }\n");
    expect(resolved.nodes[0]).toMatchObject({
      id: "smoke",
      skip: { cause: "not-configured", reason: "not configured" },
    });
  });
});

describe("naming layers and categories", () => {
  it("takes just the categories, in their layers, with the gates between those", async () => {
    const resolved = await plan({ categories: ["unit", "api"] });
    expect(resolved.layers.map((layer) => [layer.id, layer.nodes, layer.gates])).toEqual([
      ["fast_feedback", ["unit"], []],
      ["core_integration", ["api"], ["fast_feedback"]],
    ]);
  });

  it("takes just the layers and assumes what they depend on", async () => {
    const resolved = await plan({ layers: ["service_integration"] });
    expect(resolved.layers).toMatchObject([{ id: "service_integration", assumed: ["core_integration"] }]);
  });

  it("runs a category that several layers place only once", async () => {
    const yaml =
      "categories: { unit: { command: x } }\nlayers:\n  again: { categories: [unit], dependencies: [fast_feedback] }\n";
    const resolved = await plan({}, yaml);
    expect(nodeIds(resolved).filter((id) => id === "unit")).toHaveLength(1);
    expect(resolved.layers.find((layer) => layer.id === "again")?.nodes).toEqual([]);
  });

  it("runs a category that is in no layer when it is named", async () => {
    const resolved = await plan({ categories: ["lint"] }, "categories: { lint: { command: oxlint } }\n");
    expect(resolved.layers).toMatchObject([{ id: "selected", nodes: ["lint"] }]);
    expect((await plan({}, "categories: { lint: { command: oxlint } }\n")).notes).toContain(
      'lint is in no layer: only "apex run lint" runs it',
    );
  });

  it("keeps needs inside the selection and says which it takes as passed", async () => {
    const yaml = "categories: { unit: { command: x }, api: { command: y, needs: [unit] } }\n";
    expect((await plan({ categories: ["unit", "api"] }, yaml)).nodes[1]?.needs).toEqual(["unit"]);
    const alone = await plan({ categories: ["api"] }, yaml);
    expect(alone.nodes[0]?.needs).toEqual([]);
    expect(alone.notes).toContain("api needs unit, which this selection leaves out: taken as passed");
  });

  it.each<[string, Selection, RegExp]>([
    ["an unknown category", { categories: ["unti"] }, /there is no category "unti"/],
    ["an unknown layer", { layers: ["fast"] }, /there is no layer "fast"/],
    ["an unknown run mode", { runMode: "nighly" }, /there is no run mode "nighly"/],
    ["a run mode together with categories", { runMode: "nightly", categories: ["unit"] }, /either a run mode/],
    [
      "tests of no category",
      { selectors: [{ file: "a.test.ts", path: [] }] },
      /--test-file needs exactly one category/,
    ],
    ["arguments for no category", { additionalArgs: ["-u"] }, /the categories must be named/],
    [
      "a category outside of the layers",
      { layers: ["fast_feedback"], categories: ["lint"] },
      /lint is not in fast_feedback/,
    ],
  ])("refuses %s", async (_, selection, message) => {
    await expect(plan(selection, `categories:\n${everyCategory}\n  lint: { command: oxlint }\n`)).rejects.toThrow(
      message,
    );
  });

  it("refuses a category without a command that was asked for, and says how to define it", async () => {
    await expect(plan({ categories: ["unit"] }, "categories: { api: { command: x } }\n")).rejects.toThrow(
      /unit is not configured: give it a command under categories\.unit/,
    );
  });
});

describe("a plan", () => {
  it("survives JSON whole", async () => {
    const resolved = await plan({});
    expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved);
  });

  it("lets a category's own timeout win over the built-in one", async () => {
    const resolved = await plan({ runMode: "fast_feedback" }, "categories: { unit: { command: x, timeout: 7s } }\n");
    expect(resolved.nodes.map((node) => [node.id, node.timeoutMs])).toEqual([
      ["smoke", 60_000],
      ["unit", 7_000],
    ]);
  });

  it("lets a placement's timeout win over the category's own", async () => {
    const yaml =
      "layers: { fast_feedback: { categories: [{ name: unit, timeout_seconds: 7 }, smoke] } }\ncategories: { unit: { command: x, timeout: 1m }, smoke: { command: y, timeout: 9s } }\n";
    const resolved = await plan({ runMode: "fast_feedback" }, yaml);
    expect(resolved.nodes.map((node) => [node.id, node.timeoutMs])).toEqual([
      ["unit", 7_000],
      ["smoke", 9_000],
    ]);
  });

  it("bounds a parallel layer by its own limit and a hybrid one by its share of the CPUs", async () => {
    const yaml = `categories:\n${everyCategory}\nlayers:\n  core_integration: { resource_limits: { max_parallel_instances: 2 } }\n  service_integration: { resource_limits: { max_cpu_percent: 1 } }\n`;
    const resolved = await plan({}, yaml);
    expect(resolved.layers.map((layer) => layer.maxParallel)).toEqual([1, 2, 1]);
  });
});
