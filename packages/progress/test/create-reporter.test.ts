import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ProgressMode } from "../src/choose-progress-mode.ts";
import { createReporter } from "../src/create-reporter.ts";
import { CollectedStream } from "./collected-stream.ts";

/** Makes a reporter in a new process and prints the modules that this loaded. */
function modulesLoadedFor(mode: ProgressMode): string {
  const script = `
    import { registerHooks } from "node:module";
    import { writeSync } from "node:fs";
    registerHooks({ load: (url, context, next) => (writeSync(1, url + "\\n"), next(url, context)) });
    const { createReporter } = await import("@netra-apex/progress");
    await createReporter(${JSON.stringify(mode)}, { stdout: process.stdout, stderr: process.stderr });
  `;
  const args = ["--conditions=@netra-apex/source", "--input-type=module", "--eval", script];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: "utf8", env: {} });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout;
}

describe("createReporter", () => {
  it.each<ProgressMode>(["simple", "rich", "json"])("makes the %s reporter", async (mode) => {
    const reporter = await createReporter(mode, { stdout: new CollectedStream(), stderr: new CollectedStream() });
    expect(reporter.name).toBe(mode);
    await reporter.close?.();
  });

  it("loads the terminal code for rich only", () => {
    expect(modulesLoadedFor("json")).not.toMatch(/rich-reporter|simple-reporter|narration/);
    expect(modulesLoadedFor("simple")).not.toMatch(/rich-reporter/);
    expect(modulesLoadedFor("rich")).not.toMatch(/simple-reporter/);
  });
});
