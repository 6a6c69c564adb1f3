import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "@netra-apex/core";
import { createGithubReporter } from "../../src/github/github-reporter.ts";
import { CollectedStream } from "../collected-stream.ts";

/** What a step of a workflow gets from the reporter. */
export interface StepOfWorkflow {
  readonly printed: string;
  readonly summary: string;
  readonly outputs: string;
  /** What `close` rejected with. */
  readonly fault: unknown;
}

/** Plays events to the reporter within a step; `env` is laid over the step's own environment, `summary` is in its file already. */
export async function playGithub(
  events: Iterable<RunEvent>,
  { env = {}, summary = "" }: { readonly env?: Record<string, string>; readonly summary?: string } = {},
): Promise<StepOfWorkflow> {
  const directory = mkdtempSync(join(tmpdir(), "apex-github-"));
  const files = { summary: join(directory, "summary"), outputs: join(directory, "outputs") };
  try {
    for (const file of Object.values(files)) writeFileSync(file, file === files.summary ? summary : "");
    const stdout = new CollectedStream();
    const reporter = createGithubReporter({
      stdout,
      env: {
        GITHUB_ACTIONS: "true",
        GITHUB_WORKSPACE: "/code",
        GITHUB_STEP_SUMMARY: files.summary,
        GITHUB_OUTPUT: files.outputs,
        ...env,
      },
    });
    for (const event of events) reporter.onEvent(event);
    const duringRun = stdout.text;
    let fault: unknown;
    try {
      await reporter.close?.();
    } catch (error) {
      fault = error;
    }
    if (duringRun !== "") throw new Error("something was printed before the end");
    const read = (file: string): string => readFileSync(file, "utf8");
    return { printed: stdout.text, summary: read(files.summary), outputs: read(files.outputs), fault };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
