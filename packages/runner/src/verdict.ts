import { constants } from "node:os";
import type { Outcome, TestCounts } from "@netra-apex/core";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import type { ProcessExit } from "./process/run-process.ts";

/** What a verdict is computed from. */
export interface VerdictInput {
  readonly exit: Pick<ProcessExit, "exitCode" | "signal" | "spawnError">;
  /** Absent when the exit code alone decides. */
  readonly report?: Pick<TestReport, "completeness" | "problem"> | undefined;
  /** Of the tests in the report. */
  readonly counts: TestCounts;
  readonly allowNoTests: boolean;
}

/**
 * The outcome of a category whose command ran to its end: exit code, counts and completeness of the report must agree.
 * The table is in the package's README; what ended a command from outside (a deadline, a person) is not decided here.
 */
export function decideVerdict({ exit, report, counts, allowNoTests }: VerdictInput): Outcome {
  const { spawnError, signal, exitCode } = exit;
  if (spawnError)
    return { status: "errored", reason: spawnError.message, code: spawnError.code, failureClass: "infrastructure" };
  if (signal === undefined && exitCode === undefined)
    return { status: "errored", reason: "the command could not be ended, not even by SIGKILL" };

  const ended =
    signal === undefined ? describeExitCode(exitCode ?? 0) : `ended by signal ${signal}${explainSignal(signal)}`;
  const isClean = exitCode === 0;
  const failures = counts.failed === 0 ? undefined : `${counts.failed} of ${plural(counts.total, "test")} failed`;
  const crashed = signal === undefined ? {} : ({ failureClass: "crash" } as const);
  if (!report) return isClean ? { status: "passed" } : { ...failed(ended), ...crashed };

  switch (report.completeness) {
    case "missing":
    case "truncated":
      return {
        ...failed([
          `report ${report.completeness}: ${report.problem ?? "no reason known"}`,
          failures,
          ...(isClean ? [] : [ended]),
        ]),
        failureClass: "crash",
      };
    case "complete":
      break;
    default:
      return report.completeness satisfies never;
  }
  if (signal !== undefined) return { ...failed([failures, ended]), ...crashed };
  if (failures !== undefined)
    return failed(isClean ? `inconsistent: exit code 0 but ${plural(counts.failed, "test")} failed` : failures);
  if (counts.total === counts.skipped) {
    if (isClean && allowNoTests) return { status: "passed" };
    const skipped = counts.skipped === 0 ? undefined : `${plural(counts.skipped, "test")} skipped`;
    return { ...failed(["zero tests ran", skipped, ...(isClean ? [] : [ended])]), failureClass: "collection" };
  }
  if (isClean) return { status: "passed" };
  const reason = `inconsistent: ${ended} but no test failed (likely an error outside the tests: a hook, an unhandled rejection, a coverage threshold)`;
  return { ...failed(reason), failureClass: "collection" };
}

function failed(reasons: string | readonly (string | undefined)[]): Outcome & { readonly status: "failed" } {
  const reason = typeof reasons === "string" ? reasons : reasons.filter((part) => part !== undefined).join(", ");
  return { status: "failed", reason };
}

/** Shells say 126 to 128 + n for what happened to the command that they ran. */
function describeExitCode(code: number): string {
  if (code === 126) return "exit code 126 (a command may not be executed)";
  if (code === 127) return "exit code 127 (a command was not found)";
  const signal = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
  return signal === undefined ? `exit code ${code}` : `exit code ${code} (128 + ${signal})`;
}

function explainSignal(signal: NodeJS.Signals): string {
  return signal === "SIGKILL" ? " (kill -9, or the system was out of memory)" : "";
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
