import path from "node:path";
import type { TestResult } from "@netra-apex/core";
import { FrameworkCannotError, ReportLocationError } from "./adapter-errors.ts";
import { JUnitResults } from "./junit-results.ts";
import { readJUnit } from "./junit.ts";
import { numbered } from "./numbered-tests.ts";
import { reportsNow, reportsSince } from "./report-files.ts";
import type { PrepareOptions, TestFrameworkAdapter, TestReport, WrittenReport } from "./test-framework-adapter.ts";

/** Any command that writes JUnit reports by itself, where `report:` says. Several files are one report. */
export const junitFileAdapter: TestFrameworkAdapter = {
  name: "junit",
  matches: () => false,
  prepare(options) {
    const { command, cwd, report } = options;
    if (report === undefined) throw new ReportLocationError("JUnit", "reports/*.xml");
    refuseOptions("a command that writes a JUnit report by itself", options);
    return { command, before: reportsNow(report, cwd) };
  },
  read: readReports,
};

/** A format is no framework: nobody knows how its command takes options. */
export function refuseOptions(
  what: string,
  { selectors, shard, coverage }: Pick<PrepareOptions, "selectors" | "shard" | "coverage">,
): void {
  const hint = "name the test framework itself, where apex knows it";
  if (selectors.length > 0) throw new FrameworkCannotError(what, "be told to run single tests", hint);
  if (shard) throw new FrameworkCannotError(what, "be split into shards", hint);
  if (coverage !== undefined) throw new FrameworkCannotError(what, "be told whether to measure coverage", hint);
}

async function readReports({ report = "", cwd, before }: WrittenReport): Promise<TestReport> {
  const { files, staleCount } = reportsSince(report, cwd, before);
  if (files.length === 0) return { completeness: "missing", tests: [], problem: nothingWritten(report, staleCount) };
  const results = new JUnitResults(cwd);
  const tests: TestResult[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const { cases, problem } = await readJUnit(file);
    for (const testCase of cases) tests.push(results.read(testCase));
    if (problem !== undefined) problems.push(`${path.relative(cwd, file).replaceAll(path.sep, "/")}: ${problem}`);
  }
  return problems.length === 0
    ? { completeness: "complete", tests: numbered(tests) }
    : { completeness: "truncated", tests: numbered(tests), problem: problems.join("; ") };
}

/** Why no file counts. */
export function nothingWritten(report: string, staleCount: number): string {
  const stale =
    staleCount === 1
      ? "; the one that is there is of an earlier run"
      : `; those that are there (${staleCount}) are of an earlier run`;
  return `the command wrote no file ${report}${staleCount === 0 ? "" : stale}`;
}
