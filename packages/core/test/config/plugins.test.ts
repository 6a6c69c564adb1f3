import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const agent = (name: string): string => `export default { name: "${name}", execute: async () => undefined };\n`;
const problemsOf = async (files: Record<string, string>): Promise<string> => {
  const cwd = temporaryProject(files);
  try {
    await loadConfig({ cwd });
  } catch (error) {
    return (error as Error).message.replaceAll(cwd, "").replaceAll(pathToFileURL(cwd).href, "");
  }
  throw new Error("it was not refused");
};

describe("plugins", () => {
  it("are loaded from a path, in TypeScript too, and do the work of categories", async () => {
    const cwd = temporaryProject({
      "apex.yaml":
        "plugins: [./agents/probe.ts]\n" +
        "layers: { fast_feedback: { categories: [probe] } }\n" +
        "categories: { probe: { agent: probe, input: { url: here } } }\n",
      "agents/probe.ts":
        "const name: string = 'probe';\n" +
        "export default { name, execute: async (input: { url: string }, context: any) => context.think(input.url) };\n",
    });
    const config = await loadConfig({ cwd });
    const thoughts: string[] = [];
    const summary = await runPlan(resolvePlan(config, {}), {
      agents: config.plugins.agents,
      reporters: [
        { name: "thoughts", onEvent: (event) => void (event.type === "agent_thinking" && thoughts.push(event.note)) },
      ],
    });
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(thoughts).toEqual(["here"]);
  });

  it("are loaded from a package, as the project itself would import it", async () => {
    const cwd = temporaryProject({ "apex.yaml": "plugins: [apex-plugin-x]\n" });
    const home = path.join(cwd, "node_modules", "apex-plugin-x");
    mkdirSync(home, { recursive: true });
    // Only the `import` condition, which `require.resolve` would not find.
    writeFileSync(
      path.join(home, "package.json"),
      JSON.stringify({ name: "apex-plugin-x", type: "module", exports: { ".": { import: "./main.js" } } }),
    );
    writeFileSync(
      path.join(home, "main.js"),
      "export default { agents: [() => ({ name: 'x', execute: async () => 1 })], conditions: { ready: () => true } };",
    );
    const { plugins } = await loadConfig({ cwd });
    expect(plugins.agents).toHaveLength(1);
    expect(Object.keys(plugins.conditions)).toEqual(["ready"]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      "a path that is not there",
      { "apex.yaml": "plugins:\n  - ./nope.mjs\n" },
      /apex\.yaml:2:5: the plugin \.\/nope\.mjs cannot be used: Cannot find module .*\n.*\n.*\n  hint: write paths/,
    ],
    [
      "a package that is not there",
      { "apex.yaml": "plugins: [nope-nope]\n" },
      /the plugin nope-nope cannot be used: Cannot find package/,
    ],
    [
      "one that throws",
      { "apex.yaml": "plugins: [./a.mjs]\n", "a.mjs": "throw new Error('no licence');" },
      /apex\.yaml:1:11: .*: no licence/,
    ],
    [
      "one that exports nothing",
      { "apex.yaml": "plugins: [./a.mjs]\n", "a.mjs": "" },
      /exports neither a plugin nor an agent/,
    ],
    [
      "an agent without execute",
      { "apex.yaml": "plugins: [./a.mjs]\n", "a.mjs": "export default { agents: [{ name: 'a' }] }" },
      /the agent "a" needs an execute function/,
    ],
    [
      "a key that a plugin does not have",
      { "apex.yaml": "plugins: [./a.mjs]\n", "a.mjs": "export default { agent: [] }" },
      /a plugin has no "agent"[\s\S]*known: agents, tools, conditions/,
    ],
    [
      "two agents with one name",
      { "apex.yaml": "plugins: [./a.mjs, ./b.mjs]\n", "a.mjs": agent("same"), "b.mjs": agent("same") },
      /apex\.yaml:1:20: the plugin \.\/b\.mjs has an agent "same", as \.\/a\.mjs does/,
    ],
    [
      "a category's unknown agent",
      { "apex.yaml": "plugins: [./a.mjs]\ncategories: { x: { agent: prboe } }\n", "a.mjs": agent("probe") },
      /apex\.yaml:2:27: no plugin has an agent "prboe"[\s\S]*did you mean "probe"\?/,
    ],
    [
      "a category's agent without any plugin",
      { "apex.yaml": "categories: { x: { agent: probe } }\n" },
      /no plugin has an agent "probe"[\s\S]*add the module/,
    ],
    [
      "a category's unknown condition",
      { "apex.yaml": "categories: { x: { command: ls, when: { check: ready } } }\n" },
      /no plugin has a condition "ready"/,
    ],
  ])("that cannot be used are located problems: %s", async (_, files, message) => {
    expect(await problemsOf(files)).toMatch(message);
  });
});

describe("what a config says about categories and the run", () => {
  const load = (yaml: string) => loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });

  it("becomes the plan's conditions, promises, reservations, mutexes and policies", async () => {
    const config = await load(
      "layers:\n  fast_feedback: { categories: [unit, extra], retry_budget: 3, failure_policy: cancel-running }\n" +
        "categories:\n" +
        "  unit: { command: ls, reserves: { memory: 1GiB, cpus: 1.5 }, mutexes: [db], failure_policy: continue }\n" +
        "  extra:\n    command: ls\n" +
        "    when: { environments: [test], outcome: { unit: any }, changed: ['src/**'] }\n" +
        "    retry: { on: [crash, timed-out] }\n" +
        "    sla: { max_duration: 5s, max_memory_growth: 10MiB, metrics: { savings: { min: 10 } } }\n",
    );
    const plan = resolvePlan(config, { changedFiles: ["src/a.ts"] });
    expect(plan.layers[0]).toMatchObject({
      retryBudget: 3,
      failurePolicy: "cancel-running",
      capacity: { memoryBytes: 512 * 2 ** 20 },
    });
    expect(plan.capacity).toMatchObject({ cpus: expect.any(Number), memoryBytes: expect.any(Number) });
    expect(plan.changedFiles).toEqual(["src/a.ts"]);
    expect(plan.notes.join("\n")).toContain("unit reserves more memory than layer fast_feedback may take");
    expect(plan.nodes[0]).toMatchObject({
      reserves: { memoryBytes: 2 ** 30, cpus: 1.5 },
      mutexes: ["db"],
      failurePolicy: "continue",
    });
    expect(plan.nodes[1]).toMatchObject({
      when: {
        environments: ["test"],
        changed: ["src/**"],
        outcome: { unit: expect.arrayContaining(["failed", "skipped"]) },
      },
      retry: { on: ["crash", "timed-out"] },
      sla: { maxDurationMs: 5_000, maxMemoryGrowthBytes: 10 * 2 ** 20, metrics: { savings: { min: 10 } } },
    });
  });

  it("shows in the plan what a condition leaves out", async () => {
    const config = await load("categories: { unit: { command: ls, when: { environments: [staging] } } }\n");
    expect(resolvePlan(config, { categories: ["unit"] }).nodes[0]?.skip).toEqual({
      cause: "condition",
      reason: "runs only in staging, not in test",
    });
  });

  it("takes what a selection leaves out as passed, also in a condition", async () => {
    const config = await load(
      "categories:\n  smoke: { command: ls }\n  unit: { command: ls, when: { outcome: { smoke: passed } } }\n",
    );
    const [node] = resolvePlan(config, { categories: ["unit"] }).nodes;
    expect(node?.when).toEqual({ outcome: {} });
  });

  it("leaves out what runs only when something that is left out did not pass", async () => {
    const config = await load(
      "categories:\n  smoke: { command: ls }\n  unit: { command: ls, when: { outcome: { smoke: failed } } }\n",
    );
    const [node] = resolvePlan(config, { categories: ["unit"] }).nodes;
    expect(node?.when).toEqual({ outcome: {} });
    expect(node?.skip).toMatchObject({ cause: "condition", reason: expect.stringContaining("smoke failed") });
  });

  it("becomes alert rules and intervals", async () => {
    const { monitoring } = await load(
      "monitoring:\n  alerts: [{ when: failure_rate > 0.2, notify: [log] }]\n  heartbeat_interval: 1s\n  sample_interval: 2s\n",
    );
    expect(monitoring).toMatchObject({ alerts: [{ when: "failure_rate > 0.2" }], heartbeatMs: 1_000, sampleMs: 2_000 });
  });

  it.each<[string, string, RegExp]>([
    [
      "an alert on what is not measured",
      "monitoring: { alerts: [{ when: failur_rate > 0.2 }] }",
      /apex\.yaml:1:32: no alert rule: .*[\s\S]*did you mean "failure_rate"\?/,
    ],
    ["an alert that is none", "monitoring: { alerts: [{ when: retries > }] }", /no alert rule: .*\(at character \d+\)/],
    ["a way to notify that is not there", "monitoring: { alerts: [{ when: retries > 1, notify: [slack] }] }", /log/],
    [
      "an agent beside a command",
      "plugins: [./a.mjs]\ncategories: { x: { agent: a, command: ls } }",
      /apex\.yaml:2:30: command and agent do not go together/,
    ],
    ["an input without an agent", "categories: { x: { command: ls, input: {} } }", /input is for an agent/],
    [
      "fail_fast beside failure_policy",
      "layers: { fast_feedback: { fail_fast: true, failure_policy: continue } }",
      /two spellings of one setting/,
    ],
    [
      "a condition on an unknown category",
      "categories: { x: { command: ls, when: { outcome: { untt: passed } } } }",
      /unknown category "untt"[\s\S]*did you mean "unit"\?/,
    ],
    [
      "a condition that its need contradicts",
      "categories: { unit: { command: ls, needs: [smoke], when: { outcome: { smoke: failed } } } }",
      /unit needs smoke to pass, and runs only when it does not/,
    ],
    [
      "conditions in a circle",
      "categories: { unit: { command: ls, when: { outcome: { smoke: any } } }, smoke: { command: ls, needs: [unit] } }",
      /wait for each other in a circle/,
    ],
    [
      "a condition on a later layer",
      "categories: { unit: { command: ls, when: { outcome: { api: any } } } }",
      /unit waits for api, whose layer core_integration starts only after/,
    ],
    [
      "an outcome that there is none of",
      "categories: { unit: { command: ls, when: { outcome: { smoke: green } } } }",
      /smoke: green/,
    ],
  ])("is refused where it stands: %s", async (_, yaml, message) => {
    expect(await problemsOf({ "apex.yaml": `${yaml}\n`, "a.mjs": agent("a") })).toMatch(message);
  });
});
