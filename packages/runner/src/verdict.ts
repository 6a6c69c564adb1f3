import { constants } from "node:os";
import type { Outcome, Suspicion, TestCounts } from "@netra-apex/core";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import type { ProcessExit } from "./process/run-process.ts";

/** What a verdict is computed from. */
export interface VerdictInput {
  readonly exit: Pick<
    ProcessExit,
    "exitCode" | "signal" | "spawnError" | "guardLost" | "survivors" | "limits" | "usage" | "oomKills" | "overdue"
  >;
  /** What ended the command from outside, such as a deadline or a person. */
  readonly ended?: Outcome | undefined;
  /** Absent when the exit code alone decides. */
  readonly report?: Pick<TestReport, "completeness" | "problem" | "errors"> | undefined;
  /** Of the tests in the report. */
  readonly counts: TestCounts;
  readonly allowNoTests: boolean;
  /** Signs that a green result proves less than it seems. */
  readonly suspicions?: readonly Suspicion[] | undefined;
}

/**
 * The outcome of a category whose command is over: whether it could be run, what ended it, its limits, exit code, counts and
 * completeness of the report, and authenticity, in this order. Any disagreement is a failure that says what disagreed. The
 * table is in the package's README and, cell by cell, in its test.
 */
export function decideVerdict(input: VerdictInput): Outcome {
  const outcome = notRun(input) ?? limitBroken(input) ?? input.ended ?? judge(input);
  const decisive = (input.suspicions ?? []).filter(({ isDecisive }) => isDecisive);
  if (outcome.status !== "passed" || decisive.length === 0) return outcome;
  const reason = decisive.map(({ message }) => message).join("; ");
  return { status: "inconclusive", reason: `green, but not proved: ${reason}` };
}

function notRun({ exit: { spawnError, guardLost, survivors, signal, exitCode } }: VerdictInput): Outcome | undefined {
  const failureClass = "infrastructure";
  if (spawnError) return { status: "errored", reason: spawnError.message, code: spawnError.code, failureClass };
  if (guardLost !== undefined) {
    return { status: "errored", reason: guardLost, code: "APEX_GUARD_LOST", failureClass };
  }
  if (signal !== undefined || exitCode !== undefined) return undefined;
  const who = survivors?.length ? `: ${survivors.map(({ pid, command }) => `${command} (pid ${pid})`).join(", ")}` : "";
  return { status: "errored", reason: `the command could not be ended, not even by SIGKILL${who}` };
}

function limitBroken({ exit: { limits, usage } }: VerdictInput): Outcome | undefined {
  const memory = limits?.memory;
  if (memory?.killedBy === undefined) return undefined;
  const peakBytes = memory.peakBytes ?? usage?.peakMemoryBytes;
  const seen = peakBytes === undefined ? "" : `${mebibytes(peakBytes)} of `;
  const by = memory.enforcement === "sampled" ? "sampling" : memory.enforcement;
  const reason = `over its memory limit (${seen}${mebibytes(memory.requestedBytes)}, enforced by ${by}) and killed`;
  return { ...failed(reason), failureClass: "crash" };
}

function judge({ exit: seen, report, counts, allowNoTests }: VerdictInput): Outcome {
  // A command that stayed after its complete report was ended by us: how is no verdict of its own, the report is.
  const exit = seen.overdue ? { exitCode: counts.failed > 0 ? 1 : 0 } : seen;
  const { signal, exitCode } = exit;
  const isClean = exitCode === 0;
  const ended = describeEnd(exit);
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
  const outside = report.errors?.length ? `an error outside the tests: ${inOneLine(report.errors[0])}` : undefined;
  if (counts.total === counts.skipped) {
    if (isClean && allowNoTests && outside === undefined) return { status: "passed" };
    const skipped = counts.skipped === 0 ? undefined : `${plural(counts.skipped, "test")} skipped`;
    return {
      ...failed(["zero tests ran", skipped, ...(isClean ? [] : [ended]), outside]),
      failureClass: "collection",
    };
  }
  if (isClean) {
    if (outside === undefined) return { status: "passed" };
    return { ...failed(`inconsistent: exit code 0 but ${outside}`), failureClass: "collection" };
  }
  const likely = "likely an error outside the tests: a hook, an unhandled rejection, a coverage threshold";
  const reason = `inconsistent: ${ended} but no test failed (${outside ?? likely})`;
  return { ...failed(reason), failureClass: "collection" };
}

function failed(reasons: string | readonly (string | undefined)[]): Outcome & { readonly status: "failed" } {
  const reason = typeof reasons === "string" ? reasons : reasons.filter((part) => part !== undefined).join(", ");
  return { status: "failed", reason };
}

function describeEnd({
  exitCode,
  signal,
  oomKills = 0,
}: Pick<VerdictInput["exit"], "exitCode" | "signal" | "oomKills">): string {
  const end = signal === undefined ? describeExitCode(exitCode ?? 0) : `ended by signal ${signal}`;
  if (oomKills > 0) return `${end} (the machine was out of memory: the kernel killed ${plural(oomKills, "process")})`;
  return signal === "SIGKILL" ? `${end} (kill -9, or the system was out of memory)` : end;
}

/** Shells say 126 to 128 + n for what happened to the command that they ran. */
function describeExitCode(code: number): string {
  if (code === 126) return "exit code 126 (a command may not be executed)";
  if (code === 127) return "exit code 127 (a command was not found)";
  const signal = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
  return signal === undefined ? `exit code ${code}` : `exit code ${code} (128 + ${signal})`;
}

/** What an error is called and what it says; the log has the rest. */
function inOneLine(error = ""): string {
  const lines = error.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .slice(0, 2)
    .join(": ");
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}
