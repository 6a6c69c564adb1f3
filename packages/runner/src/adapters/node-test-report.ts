import { existsSync } from "node:fs";
import path from "node:path";
import type { TestResult } from "@netra-apex/core";
import { failureFile, failureLine } from "./failure-text.ts";
import { readJUnit } from "./junit.ts";
import type { JUnitCase } from "./junit-collector.ts";
import type { TestReport } from "./test-framework-adapter.ts";

/** Reads the JUnit report of Node's test runner. `cwd` is what the tests' files are made relative to. */
export async function readNodeTestReport(reportFile: string, cwd: string): Promise<TestReport> {
  const { cases, completeness, problem } = await readJUnit(reportFile);
  return {
    completeness,
    tests: cases.map((testCase) => readCase(testCase, cwd)),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Types of failure that lie outside the test's own code. */
const errorTypes = new Set(["hookFailed", "cancelledByParent", "uncaughtException", "unhandledRejection"]);

function readCase(testCase: JUnitCase, cwd: string): TestResult {
  const { durationMs, message, details, type } = testCase;
  const name = unescapeQuotes(testCase.name);
  const suites = testCase.suites.map((suite) => unescapeQuotes(suite));
  const ownFile = testCase.suites.length === 0 ? fileNamedLike(name, cwd) : undefined;
  // Node 22 names no file: then a file is known when it is the case itself, or when a failure's stack leads to it.
  const file = testCase.file ?? ownFile ?? failureFile(details ?? "", cwd);
  const shownFile = file === undefined ? undefined : path.relative(cwd, file).replaceAll(path.sep, "/");
  const line = failureLine(details ?? "", file);
  const result: TestResult = {
    id: [...(shownFile === undefined ? [] : [shownFile]), ...suites, name].join(" > "),
    name,
    suites,
    durationMs,
    status: testCase.status === "failed" && type !== undefined && errorTypes.has(type) ? "errored" : testCase.status,
    ...(shownFile === undefined ? {} : { file: shownFile }),
    ...(line === undefined ? {} : { line }),
    // A reason that nobody gave is written as "true".
    ...(message === undefined || message === "true" ? {} : { message }),
    ...(details === undefined ? {} : { details }),
  };
  return ownFile !== undefined && ownFile === file
    ? { ...result, id: shownFile ?? name, ...fileVerdict(result) }
    : result;
}

/** The test file that has this name, if one has. */
function fileNamedLike(name: string, cwd: string): string | undefined {
  const file = path.resolve(cwd, name);
  return /\.[cm]?[jt]sx?$/.test(name) && existsSync(file) ? file : undefined;
}

/**
 * A case that is named like its file stands for the file's process: it is there when the process failed, and also when it
 * ended well without a single test, which Node counts as a passed one. A `process.exit(0)` among the tests looks like that.
 */
function fileVerdict({ status, details = "" }: TestResult): Pick<TestResult, "status" | "message"> {
  if (status === "passed")
    return { status: "skipped", message: "the file reported no test: it has none, or it ended before they did" };
  const exitCode = /exitCode: (\d+)/.exec(details)?.[1];
  const signal = /signal: '(\w+)'/.exec(details)?.[1];
  const how = signal === undefined ? `exit code ${exitCode ?? "unknown"}` : `signal ${signal}`;
  return { status: "errored", message: `the file failed outside its tests (${how}); the log says why` };
}

/** Node escapes quotes in attributes twice. */
function unescapeQuotes(title: string): string {
  return title.replaceAll("&quot;", '"');
}
