import {
  describeOutcome,
  failureClassOf,
  type Outcome,
  type RunEventOf,
  type RunSummary,
  type TestCounts,
  type TestResult,
} from "@netra-apex/core";
import { isFailed, titleOf } from "../report/test-fold.ts";
import type { Attributes, SpanEvent, SpanStatus } from "./otlp-json.ts";

/*
 * Names are those of OpenTelemetry's semantic conventions where there is one (`test.*`, `cicd.*`, `vcs.*`, `code.*`, `error.*`,
 * `exception.*`); what they have no word for begins with `apex.`.
 */

/** How something ended, as a span says it: what was left out or cancelled is no error. */
export function statusOf(outcome: Outcome): SpanStatus {
  switch (outcome.status) {
    case "passed":
      return { code: "ok" };
    case "failed":
    case "timed-out":
    case "errored":
    case "inconclusive":
      return { code: "error", message: describeOutcome(outcome) };
    case "cancelled":
    case "skipped":
      return { code: "unset" };
    default:
      return outcome satisfies never;
  }
}

/** What can be filtered by, of everything that has an outcome. */
export function outcomeAttributes(outcome: Outcome): Attributes {
  return {
    "apex.outcome": outcome.status,
    "apex.reason": outcome.status === "passed" ? undefined : describeOutcome(outcome),
    "error.type": failureClassOf(outcome) ?? (outcome.status === "inconclusive" ? "inconclusive" : undefined),
    "test.suite.run.status": suiteStatus(outcome),
  };
}

function suiteStatus({ status }: Outcome): string {
  switch (status) {
    case "passed":
      return "success";
    case "failed":
    case "errored":
    case "inconclusive":
      return "failure";
    case "timed-out":
      return "timed_out";
    case "cancelled":
      return "aborted";
    case "skipped":
      return "skipped";
    default:
      return status satisfies never;
  }
}

/** `cicd.pipeline.task.run.result` of a run. */
function taskResult({ status }: Outcome): string {
  switch (status) {
    case "passed":
      return "success";
    case "failed":
    case "inconclusive":
      return "failure";
    case "errored":
      return "error";
    case "timed-out":
      return "timeout";
    case "cancelled":
      return "cancellation";
    case "skipped":
      return "skip";
    default:
      return status satisfies never;
  }
}

export function countAttributes({ total, passed, failed, skipped, flaky }: TestCounts): Attributes {
  return {
    "apex.tests.total": total,
    "apex.tests.passed": passed,
    "apex.tests.failed": failed,
    "apex.tests.skipped": skipped,
    "apex.tests.flaky": flaky,
  };
}

export function summaryAttributes({ outcome, exitCode, counts, retries }: RunSummary): Attributes {
  return {
    "cicd.pipeline.task.run.result": taskResult(outcome),
    "apex.exit_code": exitCode,
    "apex.retries": retries,
    ...countAttributes(counts),
  };
}

/** What of the machine and the program the resource tells, beside what the environment says. */
export function hostAttributes({ host }: RunEventOf<"run_started">): Attributes {
  if (!host) return {};
  return {
    "host.arch": { x64: "amd64", ia32: "x86", arm: "arm32" }[host.arch] ?? host.arch,
    "os.type": { win32: "windows", sunos: "solaris" }[host.platform] ?? host.platform,
    "process.runtime.name": "nodejs",
    "process.runtime.version": host.node,
  };
}

/** A test; `category` is the suite of one that names none. */
export function testAttributes(test: TestResult, category: string): Attributes {
  const { suites, file, line, status, flaky, retries, durationMs } = test;
  const failed = isFailed(test);
  return {
    "test.case.name": titleOf(test),
    "test.case.result.status": failed ? "fail" : status === "passed" ? "pass" : undefined,
    "test.suite.name": suites.length > 0 ? suites.join(" > ") : category,
    "code.file.path": file,
    "code.line.number": line,
    "apex.test.id": test.id,
    "apex.test.status": status,
    "apex.test.duration_ms": durationMs,
    "apex.flaky": flaky,
    "apex.test.retries": retries,
    "error.type": failed ? (status === "errored" ? "collection" : "assertion") : undefined,
  };
}

/** What a failed test said, as an exception. */
export function testException(test: TestResult, atMs: number): SpanEvent[] {
  if (!isFailed(test)) return [];
  const { status, message, details } = test;
  return [
    {
      name: "exception",
      atMs,
      attributes: {
        "exception.type": status === "errored" ? "TestError" : "TestFailure",
        "exception.message": message ?? "failed without a message",
        "exception.stacktrace": details,
      },
    },
  ];
}
