import { exitCodes } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { usageError } from "../src/program.ts";
import { nodeTestConfig, nodeTestFile, Project } from "./rig/project.ts";

const everything = [
  "smoke",
  "unit",
  "database",
  "api",
  "websocket",
  "integration",
  "agent",
  "e2e_critical",
  "frontend",
];

function project(): Project {
  return new Project({ "apex.yaml": nodeTestConfig(everything) });
}

describe("the plan", () => {
  it("of nightly shows the three layers with gates and budgets, and runs nothing", async () => {
    const nightly = project();
    const { exitCode, stdout } = await nightly.apex("--execution-mode", "nightly", "--dry-run");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/1\. Fast Feedback {2}\(fast_feedback\)\n {3}starts at once · sequential · budget 2m/);
    expect(stdout).toMatch(
      /2\. Core Integration {2}\(core_integration\)\n {3}after fast_feedback passed · parallel · \d+ at once · budget 10m/,
    );
    expect(stdout).toMatch(
      /3\. Service Integration {2}\(service_integration\)\n {3}after core_integration passed · hybrid · \d+ at once · budget 20m/,
    );
    expect(stdout).toContain("at most 32m");
    expect(nightly.has(".apex")).toBe(false);
  });

  it("comes as JSON, Mermaid and dot", async () => {
    const { stdout } = await project().apex("plan", "--format", "json");
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, runMode: "nightly", layers: [{}, {}, {}] });
    expect((await project().apex("plan", "unit", "--format", "mermaid")).stdout).toMatch(
      /^flowchart LR\n {2}subgraph L0/,
    );
    expect((await project().apex("plan", "--format", "dot")).stdout).toMatch(/^digraph plan \{/);
    const unknown = await project().apex("plan", "--format", "mermade");
    expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unknown.stderr).toContain('did you mean "mermaid"?');
  });

  it("applies --layers, --env and --max-parallel", async () => {
    const staged = new Project({
      "apex.yaml": `${nodeTestConfig(everything)}layers:\n  core_integration:\n    environment_overrides:\n      staging: { max_duration: 3m }\n`,
    });
    const { stdout } = await staged.apex(
      "plan",
      "--layers",
      "core_integration",
      "--env",
      "staging",
      "--max-parallel",
      "3",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      environment: "staging",
      maxParallel: 3,
      layers: [{ id: "core_integration", budgetMs: 180_000, maxParallel: 3 }],
    });
  });
});

describe("the older flat face", () => {
  it("lists categories for people and for programs", async () => {
    const listed = await project().apex("--list-categories");
    expect(listed.stdout).toMatch(/^unit {2,}fast_feedback {2,}node --test test\/unit\.test\.mjs$/m);
    expect(listed.stdout).toMatch(/^cypress {2,}e2e_background {2,}not configured$/m);
    const rows = JSON.parse((await project().apex("--list-categories", "--json")).stdout) as { name: string }[];
    expect(rows.map((row) => row.name)).toHaveLength(12);
  });

  it("runs layers with --use-layers --layers", async () => {
    const { stdout } = await project().apex(
      "--use-layers",
      "--layers",
      "fast_feedback",
      "core_integration",
      "--dry-run",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({ layers: [{ id: "fast_feedback" }, { id: "core_integration" }] });
  });

  it("takes flags on either side of the command", async () => {
    for (const args of [
      ["--env", "staging", "plan", "unit", "--json"],
      ["plan", "unit", "--env", "staging", "--json"],
    ]) {
      expect(JSON.parse((await project().apex(...args)).stdout)).toMatchObject({
        environment: "staging",
        nodes: [{ id: "unit" }],
      });
    }
  });

  it("takes the config that is named", async () => {
    const named = new Project({ "other.yaml": nodeTestConfig(["unit"]), "apex.yaml": "categories: {}\n" });
    expect((await named.apex("--config", "other.yaml", "--list-categories")).stdout).toContain(
      "node --test test/unit.test.mjs",
    );
  });

  it("is the same program under its second name", async () => {
    const manifest = (await import("../package.json", { with: { type: "json" } })).default;
    expect(manifest.bin["unified-test-runner"]).toBe(manifest.bin.apex);
  });
});

describe("mistakes on the command line", () => {
  it.each([
    [["--bogus"], "unknown option '--bogus'"],
    [["--max-parallel", "0"], "whole number"],
    [["--max-parallel", "many"], "whole number"],
    [["--progress-mode", "loud"], "Allowed choices are simple, rich, json"],
    [["--category", ""], "a category was asked for, but its name is empty"],
    [["--layers", ","], "a layer was asked for, but its name is empty"],
    [["unti"], 'did you mean "unit"?'],
    [["--execution-mode", "fastfeedback"], 'did you mean "fast_feedback"?'],
    [["--layers", "core"], 'there is no layer "core"'],
    [["cypress"], "cypress is not configured: give it a command under categories.cypress"],
    [["--config", "nowhere.yaml"], "nowhere.yaml: the config cannot be read"],
    [["--execution-mode", "nightly", "unit"], "name either a run mode or layers and categories"],
  ])("%j ends with 2, one clear message, nothing on stdout and no stack trace", async (args, message) => {
    const { exitCode, stdout, stderr } = await project().apex(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("has the usage error's code from the one table", () => {
    expect(usageError).toBe(exitCodes.usage);
  });
});

describe("broken configs", () => {
  it.each<[string, string, RegExp]>([
    ["an unknown key", "categories:\n  unit: { comand: x }\n", /apex\.yaml:2:11: unknown key "comand"/],
    ["a wrong type", "layers: { fast_feedback: { fail_fast: 3 } }\n", /apex\.yaml:1:39: expected true or false, got 3/],
    ["a cycle", "layers:\n  a: { dependencies: [b] }\n  b: { dependencies: [a] }\n", /apex\.yaml:2:\d+: .*a → b → a/],
    ["an unknown layer", "modes: { m: { layers: [nope] } }\n", /apex\.yaml:1:24: unknown layer "nope"/],
    ["a bad duration", "categories: { unit: { command: x, timeout: 5 parsecs } }\n", /apex\.yaml:1:44: not a duration/],
    ["a duplicate key", "categories: {}\ncategories: {}\n", /apex\.yaml:2:1: the key categories is there twice/],
    ["an empty file", "", /apex\.yaml: the file is empty/],
    ["no YAML", "categories: [}\n", /apex\.yaml:1:\d+: not valid YAML/],
    [
      "a YAML bomb",
      `a: &a [x]\n${"b c d e f g h i"
        .split(" ")
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(",")}]`)
        .join("\n")}\n`,
      /apex\.yaml:\d+:\d+: aliases expand/,
    ],
    ["a huge file", `# ${"x".repeat(600 * 1024)}\n`, /apex\.yaml: the file has 601 KiB/],
  ])("%s: a located error, exit 2, no stack trace", async (_, text, message) => {
    const { exitCode, stdout, stderr } = await new Project({ "apex.yaml": text }).apex();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("output", () => {
  it("keeps stdout pure NDJSON with --json and --progress-mode json, whatever the tests print", async () => {
    const noisy = new Project({
      "apex.yaml": nodeTestConfig(["unit"], "services: { redis: { start: never } }\n"),
      "test/unit.test.mjs": nodeTestFile({
        prints: "console.log('{\"not\": ours'); console.error('\\u001b[31mred\\u001b[0m')",
      }),
    });
    for (const flags of [["--json"], ["--progress-mode", "json"]]) {
      const { stdout, stderr } = await noisy.apex("unit", ...flags);
      const events = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { seq: number; type: string });
      expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.at(-1)?.type).toBe("run_completed");
      expect(stdout).not.toContain("\u001b");
      expect(stderr).toContain("nothing tells whether redis is there");
    }
  });

  it("shows the tests' output with --verbose", async () => {
    const loud = new Project({
      "apex.yaml": nodeTestConfig(["unit"]),
      "test/unit.test.mjs": nodeTestFile({ prints: "console.log('hello there')" }),
    });
    expect((await loud.apex("unit", "--verbose")).stderr).toMatch(/unit │ hello there/);
    expect((await loud.apex("unit")).stderr).not.toContain("hello there");
  });

  it("says what the program is for and lists flags, commands and exit codes with --help", async () => {
    const { exitCode, stdout } = await new Project({}).apex("--help");
    expect(exitCode).toBe(0);
    expect((await new Project({}).apex("help")).stdout).toBe(stdout);
    expect((await new Project({}).apex("help", "plan")).stdout).toContain("--format");
    for (const part of [
      "--execution-mode",
      "--categories",
      "--progress-mode",
      "--dry-run",
      "plan",
      "Exit codes:",
      "Examples:",
    ]) {
      expect(stdout).toContain(part);
    }
  });

  it("prints its version", async () => {
    const { default: manifest } = await import("../package.json", { with: { type: "json" } });
    expect((await new Project({}).apex("--version")).stdout).toBe(`${manifest.version}\n`);
  });
});

describe("a typed config", () => {
  it("in TypeScript is loaded by the built program", async () => {
    const typed = new Project({
      "apex.config.ts": "const name: string = 'unit'; export default { categories: { [name]: { command: 'true' } } };",
    });
    expect((await typed.apex("unit")).exitCode).toBe(0);
  });
});
