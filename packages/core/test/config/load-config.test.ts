import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig, type LoadConfigOptions } from "../../src/config/load-config.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

function load(
  yaml: string,
  options: Partial<LoadConfigOptions> = {},
  files: Record<string, string> = {},
): Promise<Config> {
  return loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml, ...files }), ...options });
}

describe("without a config", () => {
  it("has the four built-in layers, the twelve categories and the four run modes", async () => {
    const config = await loadConfig({ cwd: temporaryProject({ ".git/HEAD": "" }) });
    expect([...config.layers.keys()]).toEqual([
      "fast_feedback",
      "core_integration",
      "service_integration",
      "e2e_background",
    ]);
    expect([...config.layers.values()].map((layer) => [layer.budgetMs, layer.executionMode])).toEqual([
      [120_000, "sequential"],
      [600_000, "parallel"],
      [1_200_000, "hybrid"],
      [3_600_000, "sequential"],
    ]);
    expect(config.categories.size).toBe(12);
    expect([...config.modes.values()].map((mode) => [mode.name, mode.layers.length])).toEqual([
      ["fast_feedback", 1],
      ["nightly", 3],
      ["background", 1],
      ["hybrid", 4],
    ]);
  });

  it("finds commands in package scripts: test:NAME before NAME", async () => {
    const scripts = { "test:unit": "vitest run", unit: "jest", api: "node --test api.js", smoke: "a && b" };
    const config = await loadConfig({ cwd: temporaryProject({ "package.json": JSON.stringify({ scripts }) }) });
    expect(config.categories.get("unit")).toMatchObject({
      command: { file: "vitest", args: ["run"] },
      origin: "package-script",
    });
    expect(config.categories.get("api")?.command).toEqual({ kind: "argv", file: "node", args: ["--test", "api.js"] });
    expect(config.categories.get("smoke")?.command).toEqual({ kind: "argv", file: "npm", args: ["run", "smoke"] });
    expect(config.categories.get("e2e")?.command).toBeUndefined();
    expect(config.categories.get("e2e")?.missing).toContain("categories.e2e");
  });

  it("does not take a script that starts apex itself", async () => {
    const scripts = { "test:unit": "apex run unit" };
    const config = await loadConfig({ cwd: temporaryProject({ "package.json": JSON.stringify({ scripts }) }) });
    expect(config.categories.get("unit")?.command).toBeUndefined();
  });
});

describe("a category that writes a report by itself", () => {
  it("says where, up to the one who runs it", async () => {
    const config = await load("categories:\n  unit: { command: make test, framework: junit, report: out/*.xml }\n");
    expect(config.categories.get("unit")).toMatchObject({ framework: "junit", report: "out/*.xml" });
    const plan = resolvePlan(config, { categories: ["unit"] });
    expect(plan.nodes.find(({ id }) => id === "unit")?.input).toMatchObject({
      framework: "junit",
      report: "out/*.xml",
    });
  });
});

describe("merging", () => {
  it("changes of a built-in layer only what the config says", async () => {
    const config = await load(
      "layers:\n  fast_feedback: { max_duration_minutes: 3, resource_limits: { max_parallel_instances: 4 } }\n",
    );
    expect(config.layers.get("fast_feedback")).toMatchObject({
      name: "Fast Feedback",
      budgetMs: 180_000,
      executionMode: "sequential",
      limits: { maxParallel: 4, maxMemoryBytes: 512 * 2 ** 20, maxCpuPercent: 50 },
      isUntouchedDefault: false,
    });
  });

  it("adds layers of one's own to nightly, and background ones to background", async () => {
    const config = await load(
      "layers:\n  mine: { categories: [lint] }\n  slow: { categories: [soak], background_execution: true }\ncategories: { lint: { command: x }, soak: { command: x } }\n",
    );
    expect(config.modes.get("nightly")?.layers).toContain("mine");
    expect(config.modes.get("background")?.layers).toEqual(["e2e_background", "slow"]);
  });

  it("starts from nothing with extends: none", async () => {
    const config = await load(
      "extends: none\nlayers:\n  all: { categories: [unit] }\ncategories: { unit: { command: x } }\n",
    );
    expect([...config.layers.keys()]).toEqual(["all"]);
    expect([...config.modes.keys()]).toEqual(["nightly"]);
  });

  it("applies the overrides of the chosen environment only", async () => {
    const yaml = [
      "layers:",
      "  fast_feedback:",
      "    max_duration: 2m",
      "    environment_overrides:",
      "      staging: { max_duration_minutes: 3, llm_requirements: { mode: real } }",
      "      production: { fail_fast: false }",
    ].join("\n");
    const staging = await load(yaml, { environment: "staging" });
    expect(staging.layers.get("fast_feedback")).toMatchObject({
      budgetMs: 180_000,
      llmMode: "real",
      failurePolicy: "stop-starting",
    });
    const production = await load(yaml, { environment: "production" });
    expect(production.layers.get("fast_feedback")).toMatchObject({ budgetMs: 120_000, failurePolicy: "continue" });
  });

  it("reads commands as words without a shell, as lists, and for a shell on request", async () => {
    const config = await load(
      `categories:
  smoke: { command: 'node --test "a b/*.js" --name=''x y''' }
  unit: { command: [vitest, run, "&&"] }
  api: { command: "a && b", shell: true }
`,
    );
    expect(config.categories.get("smoke")?.command).toEqual({
      kind: "argv",
      file: "node",
      args: ["--test", "a b/*.js", "--name=x y"],
    });
    expect(config.categories.get("unit")?.command).toEqual({ kind: "argv", file: "vitest", args: ["run", "&&"] });
    expect(config.categories.get("api")?.command).toEqual({ kind: "shell", script: "a && b" });
  });

  it("takes names that every object inherits like any other", async () => {
    const config = await load(
      "layers:\n  constructor: { categories: [toString] }\ncategories: { toString: { command: x } }\n",
    );
    expect(config.layers.get("constructor")).toMatchObject({ name: "constructor", isUntouchedDefault: false });
    expect(config.categories.get("toString")).toMatchObject({ command: { file: "x" } });
  });

  it("expands YAML's own anchors and merge keys", async () => {
    const config = await load(
      "categories:\n  unit: &base { command: x, timeout: 5s }\n  api: { <<: *base, command: y }\n",
    );
    expect(config.categories.get("api")).toMatchObject({ command: { file: "y" }, timeoutMs: 5_000 });
  });
});

describe("where a config is found", () => {
  it("is searched for upwards, to the repository's root", async () => {
    const root = temporaryProject({ "apex.yaml": "extends: none\n", ".git/HEAD": "", "packages/a/package.json": "{}" });
    const config = await loadConfig({ cwd: path.join(root, "packages", "a") });
    expect(config.projectRoot).toBe(root);
  });

  it("is not searched for above the repository", async () => {
    const root = temporaryProject({ "apex.yaml": "extends: none\n", "repo/.git/HEAD": "", "repo/package.json": "{}" });
    const config = await loadConfig({ cwd: path.join(root, "repo") });
    expect(config.files).toEqual([]);
    expect(config.projectRoot).toBe(path.join(root, "repo"));
  });

  it("may be split into test_layers.yaml and categories.yaml", async () => {
    const root = temporaryProject({
      "config/test_layers.yaml": "layers:\n  mine: { categories: [lint] }\n",
      "config/categories.yaml": "lint: { command: oxlint }\n",
    });
    const config = await loadConfig({ cwd: root });
    expect(config.projectRoot).toBe(root);
    expect(config.categories.get("lint")?.command).toMatchObject({ file: "oxlint" });
  });

  it("locates a problem in the second file there", async () => {
    const root = temporaryProject({
      "config/test_layers.yaml": "layers: {}\n",
      "config/categories.yaml": "lint: { command: x, needs: [nothing] }\n",
    });
    await expect(loadConfig({ cwd: root })).rejects.toThrow(/categories\.yaml:1:29: unknown category "nothing"/);
  });

  it("may be TypeScript", async () => {
    const root = temporaryProject({
      "apex.config.ts": "const command: string = 'vitest run'; export default { categories: { unit: { command } } };",
    });
    const config = await loadConfig({ cwd: root });
    expect(config.categories.get("unit")?.command).toMatchObject({ file: "vitest" });
  });
});

describe("warnings", () => {
  it("come for timeouts beyond the budget and for services of which nothing tells when they are ready; the config still loads", async () => {
    const config = await load(
      [
        "layers:",
        "  mine: { max_duration: 1m, categories: [{ name: a, timeout: 50s }, { name: b, timeout: 20s }] }",
        "categories:",
        "  a: { command: x }",
        "  b: { command: x }",
        "services: { redis: { command: redis-server } }",
      ].join("\n"),
    );
    expect(config.warnings.map((warning) => [warning.location?.line, warning.message])).toEqual([
      [2, "the categories' timeouts (1m 10s) exceed the layer's budget (1m)"],
      [6, "nothing tells when redis is ready: it is used as soon as it runs"],
    ]);
  });
});
