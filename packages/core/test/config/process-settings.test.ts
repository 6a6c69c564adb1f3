import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import type { CategoryTask } from "../../src/plan/category-task.ts";
import type { Selection } from "../../src/plan/selection.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const load = (yaml: string) => loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });

/** The task of the category `api` with these settings. */
async function taskOf(settings: string, selection: Selection = {}): Promise<CategoryTask> {
  const config = await load(`categories:\n  api: { command: x, ${settings} }\n`);
  const plan = resolvePlan(config, { categories: ["api"], ...selection });
  return plan.nodes.find(({ id }) => id === "api")?.input as CategoryTask;
}

async function problemOf(yaml: string): Promise<string> {
  return load(yaml).then(
    () => "no problem",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe("limits of a category", () => {
  it.each([
    ["max_memory: 512MiB", { memoryBytes: 512 * 2 ** 20 }],
    ["memory_limit_gb: 1.5", { memoryBytes: 1.5 * 2 ** 30 }],
    ["max_cpu_percent: 50", { cpus: availableParallelism() / 2 }],
    ["cpu_limit_percent: 100, max_memory: 1GiB", { cpus: availableParallelism(), memoryBytes: 2 ** 30 }],
  ])("%s reach its task", async (settings, limits) => {
    expect((await taskOf(settings)).limits).toEqual(limits);
  });

  it("are also kept free for it, unless it reserves something else", async () => {
    const config = await load(
      "categories:\n  a: { command: x, max_memory: 1GiB }\n  b: { command: x, max_memory: 1GiB, reserves: { memory: 2GiB } }\n",
    );
    expect([...config.categories.values()].filter(({ reserves }) => reserves).map(({ reserves }) => reserves)).toEqual([
      { memoryBytes: 2 ** 30 },
      { memoryBytes: 2 * 2 ** 30 },
    ]);
  });

  it("are given in one spelling, as an agent is given none", async () => {
    expect(await problemOf("categories:\n  a: { command: x, max_cpu_percent: 5, cpu_limit_percent: 5 }\n")).toContain(
      "cpu_limit_percent and max_cpu_percent are two spellings of one setting",
    );
    expect(await problemOf("categories:\n  a: { agent: x, max_memory: 1GiB }\n")).toContain(
      "max_memory and agent do not go together",
    );
  });

  it("may have to be enforceable", async () => {
    expect((await load("limits: { strict: true }\n")).areLimitsStrict).toBe(true);
    expect((await load("categories: {}\n")).areLimitsStrict).toBe(false);
  });
});

describe("isolation", () => {
  it("reaches the task", async () => {
    expect((await taskOf("isolation: pidns")).isolation).toBe("pidns");
    expect((await taskOf("isolation: none")).isolation).toBeUndefined();
  });
});

describe("authenticity", () => {
  it("is strict where the category proves something real, or the run asks for real things", async () => {
    const isStrict = async (settings: string, selection: Selection = {}) =>
      (await taskOf(settings, selection)).authenticity?.isStrict;
    expect(await isStrict("evidence: mocked")).toBe(false);
    expect(await isStrict("evidence: emulated")).toBe(false);
    expect(await isStrict("evidence: local-real")).toBe(true);
    expect(await isStrict("evidence: live")).toBe(true);
    expect(await isStrict("timeout: 1m", { realServices: true })).toBe(true);
    expect(await isStrict("timeout: 1m", { realLlm: true })).toBe(true);
    expect(await isStrict("evidence: emulated", { realServices: true })).toBe(true);
  });

  it("is not strict with a category that says that it proves nothing real, whatever the run asks for", async () => {
    const selection = { realServices: true, realLlm: true };
    expect((await taskOf("evidence: mocked", selection)).authenticity?.isStrict).toBe(false);
  });

  it("is the layer's where the category says nothing", async () => {
    const config = await load(`extends: none
layers: { real: { evidence: local-real, categories: [a, b] } }
categories:
  a: { command: x }
  b: { command: x, evidence: mocked }
`);
    const nodes = resolvePlan(config, { categories: ["a", "b"] }).nodes;
    const evidenceOf = (id: string) =>
      (nodes.find((node) => node.id === id)?.input as CategoryTask | undefined)?.authenticity;
    expect(evidenceOf("a")).toMatchObject({ evidence: "local-real", isStrict: true });
    expect(evidenceOf("b")).toMatchObject({ evidence: "mocked", isStrict: false });
  });

  it("has its rules in the task", async () => {
    const settings = 'evidence: live, min_duration_seconds: 1.5, forbid_output: ["stub", "/mock(ed)?/"]';
    expect((await taskOf(settings)).authenticity).toEqual({
      evidence: "live",
      isStrict: true,
      minDurationMs: 1_500,
      forbidOutput: ["stub", "/mock(ed)?/"],
    });
  });

  it("tells the tests what real things were asked for", async () => {
    expect((await taskOf("timeout: 1m", { realServices: true })).env).toEqual({ USE_REAL_SERVICES: "true" });
    expect((await taskOf("timeout: 1m", { realLlm: true, realServices: true })).env).toEqual({
      USE_REAL_SERVICES: "true",
      USE_REAL_LLM: "true",
    });
  });

  it("refuses patterns that are none, or match everything, where they stand", async () => {
    expect(await problemOf('categories:\n  a: { command: x, forbid_output: ["ok", "/(/"] }\n')).toMatch(
      /apex\.yaml:2:42: Invalid regular expression/,
    );
    expect(await problemOf('mask: { patterns: ["x*"] }\n')).toMatch(
      /apex\.yaml:1:20: this pattern matches the empty text: it would put stars between all letters/,
    );
  });
});

describe("mask", () => {
  it("names variables and patterns", async () => {
    const { mask } = await load('mask: { variables: [TOKEN], patterns: ["sk-[a-z]+"] }\n');
    expect(mask).toEqual({ variables: ["TOKEN"], patterns: ["sk-[a-z]+"] });
    expect((await load("categories: {}\n")).mask).toBeUndefined();
  });
});
