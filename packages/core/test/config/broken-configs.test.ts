import { describe, expect, it } from "vitest";
import path from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

/** The whole text that a person sees for a broken config, with the project's directory cut off. */
async function problemsOf(content: string | Buffer, name = "apex.yaml"): Promise<string> {
  const root = temporaryProject({ [name]: content });
  const error: unknown = await loadConfig({ cwd: root, frameworks: ["vitest", "node-test", "junit"] }).then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`);
  return error.message.replaceAll(`${root}${path.sep}`, "").replaceAll(/^\S*apex-core-\w+\//gm, "");
}

describe("a broken config", () => {
  it("names an unknown key with its place, a caret and what was probably meant", async () => {
    expect(await problemsOf("categories:\n  unit:\n    comand: vitest run\n")).toBe(
      [
        'apex.yaml:3:5: unknown key "comand"',
        "  3 |     comand: vitest run",
        "          ^^^^^^",
        '  hint: did you mean "command"?',
      ].join("\n"),
    );
  });

  it("says which type was expected and what is there instead", async () => {
    expect(await problemsOf("layers:\n  fast_feedback:\n    fail_fast: often\n")).toBe(
      [
        'apex.yaml:3:16: expected true or false, got the text "often"',
        "  3 |     fail_fast: often",
        "                     ^^^^^",
      ].join("\n"),
    );
  });

  it("shows a cycle of layers as a path", async () => {
    const text = "layers:\n  a: { dependencies: [b] }\n  b: { dependencies: [c] }\n  c: { dependencies: [a] }\n";
    expect(await problemsOf(text)).toMatch(
      /^apex\.yaml:\d+:\d+: the layers depend on each other in a circle: a → b → c → a$/m,
    );
  });

  it("shows a cycle of categories as a path", async () => {
    const text = "categories:\n  unit: { command: x, needs: [api] }\n  api: { command: x, needs: [unit] }\n";
    expect(await problemsOf(text)).toMatch(
      /^apex\.yaml:2:\d+: the categories wait for each other in a circle: unit → api → unit$/m,
    );
  });

  it("refuses a category that needs one of a layer that waits for its own", async () => {
    const text = "categories:\n  unit: { command: x, needs: [smoke, frontend] }\n";
    expect(await problemsOf(text)).toMatch(
      /^apex\.yaml:2:38: unit needs frontend, whose layer service_integration starts only after unit's own layer fast_feedback$/m,
    );
  });

  it("refuses a dependency on a layer that does not exist, where it stands", async () => {
    expect(await problemsOf("layers:\n  mine:\n    dependencies: [fast_feedbak]\n")).toBe(
      [
        'apex.yaml:3:20: unknown layer "fast_feedbak"',
        "  3 |     dependencies: [fast_feedbak]",
        "                         ^^^^^^^^^^^^",
        '  hint: did you mean "fast_feedback"?',
      ].join("\n"),
    );
  });

  it("refuses a duration without a unit and one that is no duration", async () => {
    const text = await problemsOf(
      "categories:\n  unit: { command: x, timeout: 90 }\n  api: { command: x, timeout: soon }\n",
    );
    expect(text).toContain('apex.yaml:2:32: expected a duration with its unit, such as "90s" or "2m", got 90');
    expect(text).toContain('apex.yaml:3:31: not a duration: write it like "90s", "2m" or "1h30m"');
  });

  it("refuses a key that is there twice", async () => {
    expect(await problemsOf("categories:\n  unit: { command: a }\n  unit: { command: b }\n")).toMatch(
      /^apex\.yaml:3:3: the key unit is there twice$/m,
    );
  });

  it("refuses an empty file and one with comments alone", async () => {
    expect(await problemsOf("")).toMatch(/^apex\.yaml: the file is empty$/m);
    expect(await problemsOf("# nothing yet\n")).toMatch(/^apex\.yaml: the file is empty$/m);
  });

  it("refuses what is not YAML, with the place of the first error", async () => {
    expect(await problemsOf("layers: {{{\n  - ]")).toMatch(/^apex\.yaml:\d+:\d+: not valid YAML: /m);
    expect(await problemsOf("just some words")).toMatch(
      /^apex\.yaml:1:1: expected a mapping \(key: value\), got the text "just some words"$/m,
    );
    expect(await problemsOf(Buffer.from([0xff, 0xfe, 0x00, 0x01]))).toBe("apex.yaml: the file is not text in UTF-8");
  });

  it("refuses a YAML bomb without expanding it", async () => {
    const levels = Array.from(
      { length: 9 },
      (_, index) => `l${index + 1}: &l${index + 1} [${Array(9).fill(`*l${index}`).join(", ")}]`,
    );
    const text = `l0: &l0 [x, x]\n${levels.join("\n")}\n`;
    expect(await problemsOf(text)).toMatch(/^apex\.yaml:\d+:\d+: aliases expand to far more than a config can need$/m);
  });

  it("refuses a huge file without reading it", async () => {
    expect(await problemsOf(Buffer.alloc(3 * 1024 * 1024, "a: 1\n"))).toMatch(
      /^apex\.yaml: the file has 3072 KiB, more than the 512 KiB/,
    );
  });

  it("refuses nesting that no stack could hold", async () => {
    expect(await problemsOf(`a: ${"[".repeat(50_000)}`)).toMatch(/^apex\.yaml(:\d+:\d+)?: /);
  });

  it("refuses a name that an object would lose", async () => {
    expect(await problemsOf("layers:\n  __proto__: { categories: [x] }\n")).toMatch(
      /^apex\.yaml:2:3: the name __proto__ cannot be used$/m,
    );
  });

  it("takes Windows line ends, a byte order mark and words that are no names of keys as they are", async () => {
    expect(await problemsOf("\ufeffcategories:\r\n  constructor: { comand: x }\r\n")).toMatch(
      /^apex\.yaml:2:18: unknown key "comand"\n {2}2 \| {3}constructor: \{ comand: x \}$/m,
    );
  });

  it("tells everything that is wrong at once", async () => {
    const text = await problemsOf(
      [
        "categories:",
        "  unit: { comand: x }",
        "  api: { timeout: 5 }",
        "layers:",
        "  a: { execution_mode: paralel }",
        "mode: {}",
      ].join("\n"),
    );
    expect(text.match(/^apex\.yaml:\d+:\d+: /gm)).toEqual([
      "apex.yaml:2:11: ",
      "apex.yaml:3:19: ",
      "apex.yaml:5:24: ",
      "apex.yaml:6:1: ",
    ]);
    expect(text).toContain('hint: did you mean "parallel"?');
    expect(text).toContain('hint: did you mean "modes"?');
  });

  it("refuses two spellings of one setting", async () => {
    const text = await problemsOf("layers:\n  fast_feedback:\n    max_duration: 2m\n    max_duration_minutes: 3\n");
    expect(text).toMatch(/^apex\.yaml:4:5: max_duration_minutes and max_duration are two spellings of one setting$/m);
  });

  it("refuses a command that needs a shell, and says how to get one", async () => {
    const text = await problemsOf("categories:\n  unit: { command: build && test }\n");
    expect(text).toContain('"&&" needs a shell, and commands run without one');
    expect(text).toContain("shell: true");
  });

  it("refuses an unknown framework, category, service and a directory that is not there", async () => {
    const text = await problemsOf(
      [
        "categories:",
        "  unit: { command: x, framework: vitst, cwd: nowhere }",
        "layers:",
        "  mine: { categories: [unti], required_services: [postgres] }",
      ].join("\n"),
    );
    expect(text).toContain('unknown framework "vitst"');
    expect(text).toContain('did you mean "vitest"?');
    expect(text).toContain("the directory nowhere does not exist");
    expect(text).toContain('unknown category "unti"');
    expect(text).toContain('did you mean "unit"?');
    expect(text).toContain('unknown service "postgres"');
  });

  it("wants to know where a JUnit report is, and which format a report has", async () => {
    const text = await problemsOf(
      "categories:\n  unit: { command: x, framework: junit }\n  api: { command: x, report: out.xml }\n",
    );
    expect(text).toMatch(/^apex\.yaml:2:34: framework: junit needs to know where the report is written$/m);
    expect(text).toMatch(/^apex\.yaml:3:22: report names a file whose format is not known$/m);
  });

  it("checks environment overrides like everything else", async () => {
    const text = await problemsOf(
      "layers:\n  fast_feedback:\n    environment_overrides:\n      staging: { dependencies: [nope] }\n",
    );
    expect(text).toMatch(/^apex\.yaml:4:33: unknown layer "nope"$/m);
  });

  it("says so when a named config cannot be read", async () => {
    const root = temporaryProject({});
    await expect(loadConfig({ cwd: root, file: "missing.yaml" })).rejects.toThrow(
      /missing\.yaml: the config cannot be read \(ENOENT/,
    );
  });

  it("names the file and the key for a config in TypeScript", async () => {
    expect(await problemsOf("export default { categories: { unit: { comand: 'x' } } }", "apex.config.ts")).toBe(
      'apex.config.ts: categories.unit.comand: unknown key "comand"\n  hint: did you mean "command"?',
    );
    expect(await problemsOf("throw new Error('boom')", "apex.config.ts")).toBe(
      "apex.config.ts: the config could not be loaded: boom",
    );
  });
});
