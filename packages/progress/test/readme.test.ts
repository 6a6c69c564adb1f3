import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { playSimple } from "./play.ts";
import { failingRun, greenRun } from "./runs.ts";

const packageRoot = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [use = "", read = "", report = "", github = "", live = "", log = "", write = ""] = Array.from(
  readme.matchAll(/```ts\n(.*?)```/gs),
  ([, code]) => code,
);

function runScript(script: string, run = greenRun()): string {
  const args = ["--conditions=@netra-apex/source", "--input-type=module-typescript", "--eval", script];
  const input = run.events.map((event) => `${JSON.stringify(event)}\n`).join("");
  // The step that runs these tests may have a summary of its own.
  const env = { ...process.env, FORCE_COLOR: "0", GITHUB_STEP_SUMMARY: "", GITHUB_OUTPUT: "" };
  const options = { cwd: packageRoot, input, encoding: "utf8", env } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, args, options);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return stdout;
}

describe("the README", () => {
  it("shows what the simple reporter really prints", async () => {
    const { out } = await playSimple(greenRun());
    expect(readme).toContain(`\`\`\`text\n${out}\`\`\``);
  });

  it("has an example of use that runs", async () => {
    const { out } = await playSimple(greenRun());
    expect(runScript(use)).toBe(out);
  });

  it("has an example of a script that runs", () => {
    const lines = ["unit took 1240 ms, 2", "database took 4300 ms, 3", "api took 5400 ms, 4"];
    expect(runScript(read)).toBe(lines.map((line) => `${line} of 5 done\n`).join(""));
  });

  it("has an example of the reporter for GitHub Actions that runs", () => {
    expect(runScript(github, failingRun())).toMatch(/^::group::Annotations \(\d+\)\n::error [^]*\n::endgroup::\n$/);
  });

  it("has an example of a hub and its client that runs", () => {
    expect(runScript(live)).toBe("fast: passed\ncore: passed\n");
  });

  it("says what each error code of the package means, and of no others", () => {
    const source = fileURLToPath(new URL("../src", import.meta.url));
    const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const codes = files.flatMap((file) =>
      Array.from(readFileSync(join(source, file), "utf8").matchAll(/ code = "(APEX_\w+)"/g), ([, code]) => code),
    );
    const told = Array.from(readme.matchAll(/^\| `(APEX_\w+)`/gm), ([, code]) => code);
    expect(new Set(told)).toEqual(new Set(codes));
  });

  it("names each entry of the package", () => {
    const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
    const told = Array.from(readme.matchAll(/^\| `(@netra-apex\/progress[\w/]*)`/gm), ([, name]) => name);
    expect(new Set(told)).toEqual(new Set(entries.map((entry) => `@netra-apex/progress${entry.slice(1)}`)));
  });

  it("has an example of a report that runs", () => {
    expect(runScript(report)).toMatch(
      /^<!doctype html>[^]*<title>passed: Run 20260131-142500-abc123<\/title>[^]*<\/html>\s*$/,
    );
  });

  it("has an example of a log that runs, and shows what it writes", () => {
    const directory = mkdtempSync(join(tmpdir(), "apex-readme-"));
    const file = join(directory, "apex.log");
    const play = `
      for await (const line of (await import("node:readline")).createInterface({ input: process.stdin })) {
        reporter.onEvent(JSON.parse(line));
      }
      await reporter.close();`;
    runScript(log.replace("apex.log", file) + play);
    const lines = readFileSync(file, "utf8").split("\n");
    rmSync(directory, { recursive: true });
    const shown = /```text\n(\d{4}-.*?)```/s.exec(readme)?.[1] ?? "none";
    for (const line of shown.trimEnd().split("\n")) expect(lines).toContain(line);
  });

  it("has an example of a reporter that runs", () => {
    const play = `
      const reporter = createSlowestReporter((text) => process.stdout.write(text));
      for await (const line of (await import("node:readline")).createInterface({ input: process.stdin })) {
        reporter.onEvent(JSON.parse(line));
      }`;
    expect(runScript(write + play)).toBe("fast: unit took longest\ncore: api took longest\n");
  });
});
