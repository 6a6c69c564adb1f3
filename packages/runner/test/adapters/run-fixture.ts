import path from "node:path";
import { countTests, type TestResult } from "@netra-apex/core";
import type { PrepareOptions, TestFrameworkAdapter, TestReport } from "../../src/adapters/test-framework-adapter.ts";
import { runProcess } from "../../src/process/run-process.ts";
import { decideVerdict } from "../../src/verdict.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { argv } from "./prepare.ts";

/** Runs a real framework in one of the fixture projects and reads its report. */
export async function runFixture(
  adapter: TestFrameworkAdapter,
  project: "vitest" | "node-test",
  command: string,
  options: Partial<Pick<PrepareOptions, "selectors" | "allowNoTests">> = {},
) {
  const { selectors = [], allowNoTests = false } = options;
  const cwd = path.join(import.meta.dirname, "..", "fixtures", project);
  const output = temporaryDirectory();
  const reportFile = path.join(output, "report");
  const prepared = adapter.prepare({ command: argv(command), reportFile, cwd, selectors, allowNoTests });
  const exit = await runProcess({ ...prepared, cwd, logFile: path.join(output, "log.log") });
  const report: TestReport = (await adapter.read?.({ reportFile, cwd })) ?? { completeness: "missing", tests: [] };
  const verdict = decideVerdict({ exit, report, counts: countTests(report.tests), allowNoTests });
  return { exit, report, verdict, cwd };
}

/** `status id` of each test, for comparing many at once. */
export function statuses(tests: readonly TestResult[]): string[] {
  return tests.map(({ status, id }) => `${status} ${id}`);
}
