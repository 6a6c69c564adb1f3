import { readFile } from "node:fs/promises";
import path from "node:path";
import { describeThrown, type TestResult, type TestStatus } from "@netra-apex/core";
import * as z from "zod/mini";
import { failureLine, failureText, messageOfStack } from "./failure-text.ts";
import type { TestReport } from "./test-framework-adapter.ts";

/** Made when a report is read: most runs of apex read none, and constructing schemas takes time. */
function reportSchema() {
  const assertion = z.object({
    ancestorTitles: z.array(z.string()),
    title: z.string(),
    status: z.string(),
    duration: z.nullish(z.number()),
    failureMessages: z.nullish(z.array(z.string())),
  });
  const testFile = z.object({
    name: z.string(),
    status: z.string(),
    message: z.nullish(z.string()),
    assertionResults: z.array(assertion),
  });
  return z.object({ testResults: z.array(testFile) });
}

type TestFile = z.infer<ReturnType<typeof reportSchema>>["testResults"][number];

/** Reads the JSON report of vitest. `cwd` is what the tests' files are made relative to. */
export async function readVitestReport(reportFile: string, cwd: string): Promise<TestReport> {
  let text: string;
  try {
    text = withoutCoverage(await readFile(reportFile));
  } catch (error) {
    return { completeness: "missing", tests: [], problem: missingReport(error) };
  }
  try {
    const report = reportSchema().safeParse(JSON.parse(text));
    if (!report.success) return truncated(`vitest's report is not whole: ${z.prettifyError(report.error)}`);
    const tests = report.data.testResults.flatMap((file) => [...readFileResults(file, cwd)]);
    return { completeness: "complete", tests };
  } catch (error) {
    return truncated(
      text === "" ? "vitest's report is empty" : `vitest's report is not whole: ${describeThrown(error)}`,
    );
  }
}

/** With coverage the report ends in a map of every statement, many times as big as the results; it is never needed here. */
function withoutCoverage(bytes: Buffer): string {
  const start = bytes.lastIndexOf(',"coverageMap":{');
  const isLast = start !== -1 && bytes.at(-1) === 0x7d;
  return isLast ? `${bytes.toString("utf8", 0, start)}}` : bytes.toString("utf8");
}

function* readFileResults(file: TestFile, cwd: string): Generator<TestResult> {
  const name = path.relative(cwd, file.name).replaceAll(path.sep, "/");
  let hasFailure = false;
  for (const result of file.assertionResults) {
    const test = readAssertion(result, name, file.name);
    hasFailure ||= test.status === "failed" || test.status === "errored";
    yield test;
  }
  if (file.status !== "failed" || hasFailure) return;
  // The file could not be collected, or a hook of a suite broke: that has no test of its own in the report.
  const message = file.message || "a hook or something else outside the tests failed; the log says what";
  yield { id: name, name, suites: [], file: name, durationMs: 0, status: "errored", ...failureText(message) };
}

function readAssertion(result: TestFile["assertionResults"][number], file: string, absoluteFile: string): TestResult {
  const { ancestorTitles: suites, title, failureMessages } = result;
  const status = readStatus(result.status);
  const [stack] = failureMessages ?? [];
  const isFailure = status === "failed" || status === "errored";
  const line = isFailure && stack !== undefined ? failureLine(stack, absoluteFile) : undefined;
  return {
    id: [file, ...suites, title].join(" > "),
    name: title,
    suites,
    file,
    durationMs: result.duration ?? 0,
    status,
    ...(line === undefined ? {} : { line }),
    ...(isFailure ? failureText(messageOfStack(stack ?? "it never finished"), failureMessages?.join("\n\n")) : {}),
    // Errors of earlier tries stay in the report of a test that passed on a retry.
    ...(status === "passed" && stack !== undefined ? { flaky: true } : {}),
  };
}

/** `pending` is a test that was started or due when the run ended. */
function readStatus(status: string): TestStatus {
  switch (status) {
    case "passed":
    case "failed":
    case "todo":
    case "skipped":
      return status;
    case "disabled":
      return "skipped";
    default:
      return "errored";
  }
}

function missingReport(error: unknown): string {
  const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
  if (!isAbsent) return `vitest's report cannot be read: ${describeThrown(error)}`;
  return "vitest wrote no report: it ended before its tests did, or its config gives the json reporter an outputFile of its own";
}

function truncated(problem: string): TestReport {
  return { completeness: "truncated", tests: [], problem };
}
