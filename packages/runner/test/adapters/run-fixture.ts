import { readFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { countTests, type TestResult } from "@netra-apex/core";
import type { PrepareOptions, TestFrameworkAdapter, TestReport } from "../../src/adapters/test-framework-adapter.ts";
import { runProcess } from "../../src/process/run-process.ts";
import { withoutUnselected } from "../../src/selected-tests.ts";
import { decideVerdict } from "../../src/verdict.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { waitUntil } from "../wait-until.ts";
import { argv } from "./prepare.ts";

interface RunOptions extends Partial<Pick<PrepareOptions, "selectors" | "allowNoTests" | "shard" | "coverage">> {
  readonly env?: Record<string, string>;
  /** Ends the command, as a deadline would, once its report holds this. */
  readonly endAfter?: string;
}

/** Where a fixture project is. */
function fixtureProject(name: string): string {
  return path.join(import.meta.dirname, "..", "fixtures", name);
}

/** Runs a real framework in one of the fixture projects and reads its report. */
export async function runFixture(
  adapter: TestFrameworkAdapter,
  project: string,
  command: string,
  { selectors = [], allowNoTests = false, env, endAfter, ...rest }: RunOptions = {},
) {
  const cwd = fixtureProject(project);
  const output = temporaryDirectory();
  const reportFile = path.join(output, "report");
  const logFile = path.join(output, "log.log");
  const options = { command: argv(command), reportFile, cwd, selectors, allowNoTests, ...rest };
  const prepared = adapter.prepare(options);
  const deadline = new AbortController();
  const running = runProcess({
    command: prepared.command,
    cwd,
    logFile,
    env: { ...env, ...prepared.env },
    signal: deadline.signal,
  });
  if (endAfter !== undefined) {
    await waitUntil(() => textOf(reportFile).includes(endAfter));
    deadline.abort();
  }
  const exit = await running;
  const report: TestReport = (await adapter.read?.({ reportFile, cwd })) ?? { completeness: "missing", tests: [] };
  const tests = withoutUnselected(report.tests, selectors);
  const counts = countTests(tests);
  const verdict = decideVerdict({ exit, report, counts, allowNoTests });
  return { exit, report, tests, counts, verdict, cwd, log: stripVTControlCharacters(textOf(logFile)) };
}

/** Lists the tests of a fixture project with the real framework. */
export async function listFixture(
  adapter: TestFrameworkAdapter,
  project: string,
  command: string,
  { shard, env }: Pick<RunOptions, "shard" | "env"> = {},
) {
  const cwd = fixtureProject(project);
  const output = temporaryDirectory();
  const files = { reportFile: path.join(output, "report"), logFile: path.join(output, "log.log") };
  if (!adapter.list) throw new Error(`${adapter.name} lists no tests`);
  const prepared = adapter.list.prepare({ command: argv(command), cwd, reportFile: files.reportFile, shard });
  await runProcess({ ...prepared, cwd, logFile: files.logFile, env: { ...env, ...prepared.env } });
  return adapter.list.read({ ...files, cwd });
}

/** `status id` of each test, for comparing many at once. */
export function statuses(tests: readonly TestResult[]): string[] {
  return tests.map(({ status, id }) => `${status} ${id}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
