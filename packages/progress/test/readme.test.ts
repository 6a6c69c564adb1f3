import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { playSimple } from "./play.ts";
import { greenRun } from "./runs.ts";

const packageRoot = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [use = "", report = "", log = "", write = ""] = Array.from(
  readme.matchAll(/```ts\n(.*?)```/gs),
  ([, code]) => code,
);

function runScript(script: string): string {
  const args = ["--conditions=@netra-apex/source", "--input-type=module-typescript", "--eval", script];
  const input = greenRun()
    .events.map((event) => `${JSON.stringify(event)}\n`)
    .join("");
  const options = { cwd: packageRoot, input, encoding: "utf8", env: { ...process.env, FORCE_COLOR: "0" } } as const;
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
