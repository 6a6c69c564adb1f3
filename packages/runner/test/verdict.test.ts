import type { Outcome, TestCounts } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { decideVerdict, type VerdictInput } from "../src/verdict.ts";

const exits = {
  "exit code 0": { exitCode: 0 },
  "exit code 1": { exitCode: 1 },
  "a signal": { signal: "SIGSEGV" },
  "never started": { spawnError: { code: "APEX_COMMAND_NOT_FOUND", message: 'the command "x" was not found in /bin' } },
  "could not be ended": {},
} as const satisfies Record<string, VerdictInput["exit"]>;

const reports = {
  "no adapter": undefined,
  complete: { completeness: "complete" },
  truncated: { completeness: "truncated", problem: "it breaks off" },
  missing: { completeness: "missing", problem: "none was written" },
} as const satisfies Record<string, VerdictInput["report"]>;

const counts = {
  "3 passed": { total: 3, passed: 3, failed: 0, skipped: 0, flaky: 0 },
  "2 of 14 failed": { total: 14, passed: 11, failed: 2, skipped: 1, flaky: 0 },
  "2 skipped": { total: 2, passed: 0, failed: 0, skipped: 2, flaky: 0 },
  "no tests": { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 },
} as const satisfies Record<string, TestCounts>;

type Exit = keyof typeof exits;
type Report = keyof typeof reports;
type Counts = keyof typeof counts;
type Cell = readonly [Exit, Report, Counts, expected: string];

/** How an outcome is written in the table: `passed`, or its status and reason. */
function write(outcome: Outcome): string {
  return "reason" in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status;
}

const notFound = 'errored: the command "x" was not found in /bin';
const cannotEnd = "errored: the command could not be ended, not even by SIGKILL";
const outside =
  "but no test failed (likely an error outside the tests: a hook, an unhandled rejection, a coverage threshold)";

const table: readonly Cell[] = [
  ["exit code 0", "no adapter", "no tests", "passed"],
  ["exit code 0", "complete", "3 passed", "passed"],
  ["exit code 0", "complete", "2 of 14 failed", "failed: inconsistent: exit code 0 but 2 tests failed"],
  ["exit code 0", "complete", "2 skipped", "failed: zero tests ran, 2 tests skipped"],
  ["exit code 0", "complete", "no tests", "failed: zero tests ran"],
  ["exit code 0", "truncated", "3 passed", "failed: report truncated: it breaks off"],
  ["exit code 0", "truncated", "2 of 14 failed", "failed: report truncated: it breaks off, 2 of 14 tests failed"],
  ["exit code 0", "truncated", "2 skipped", "failed: report truncated: it breaks off"],
  ["exit code 0", "truncated", "no tests", "failed: report truncated: it breaks off"],
  ["exit code 0", "missing", "no tests", "failed: report missing: none was written"],
  ["exit code 1", "no adapter", "no tests", "failed: exit code 1"],
  ["exit code 1", "complete", "3 passed", `failed: inconsistent: exit code 1 ${outside}`],
  ["exit code 1", "complete", "2 of 14 failed", "failed: 2 of 14 tests failed"],
  ["exit code 1", "complete", "2 skipped", "failed: zero tests ran, 2 tests skipped, exit code 1"],
  ["exit code 1", "complete", "no tests", "failed: zero tests ran, exit code 1"],
  ["exit code 1", "truncated", "3 passed", "failed: report truncated: it breaks off, exit code 1"],
  [
    "exit code 1",
    "truncated",
    "2 of 14 failed",
    "failed: report truncated: it breaks off, 2 of 14 tests failed, exit code 1",
  ],
  ["exit code 1", "truncated", "2 skipped", "failed: report truncated: it breaks off, exit code 1"],
  ["exit code 1", "truncated", "no tests", "failed: report truncated: it breaks off, exit code 1"],
  ["exit code 1", "missing", "no tests", "failed: report missing: none was written, exit code 1"],
  ["a signal", "no adapter", "no tests", "failed: ended by signal SIGSEGV"],
  ["a signal", "complete", "3 passed", "failed: ended by signal SIGSEGV"],
  ["a signal", "complete", "2 of 14 failed", "failed: 2 of 14 tests failed, ended by signal SIGSEGV"],
  ["a signal", "complete", "2 skipped", "failed: ended by signal SIGSEGV"],
  ["a signal", "complete", "no tests", "failed: ended by signal SIGSEGV"],
  ["a signal", "truncated", "3 passed", "failed: report truncated: it breaks off, ended by signal SIGSEGV"],
  [
    "a signal",
    "truncated",
    "2 of 14 failed",
    "failed: report truncated: it breaks off, 2 of 14 tests failed, ended by signal SIGSEGV",
  ],
  ["a signal", "truncated", "2 skipped", "failed: report truncated: it breaks off, ended by signal SIGSEGV"],
  ["a signal", "truncated", "no tests", "failed: report truncated: it breaks off, ended by signal SIGSEGV"],
  ["a signal", "missing", "no tests", "failed: report missing: none was written, ended by signal SIGSEGV"],
  ...cellsOf("never started", notFound),
  ...cellsOf("could not be ended", cannotEnd),
];

/** A way to end that decides alone, whatever the rest says. */
function cellsOf(exit: Exit, expected: string): Cell[] {
  return allCells().flatMap(([cellExit, report, count]) =>
    cellExit === exit ? [[exit, report, count, expected] as const] : [],
  );
}

/** Every combination that can occur: without a report there are no counts. */
function allCells(): (readonly [Exit, Report, Counts])[] {
  const keys = <Key extends string>(record: Record<Key, unknown>): Key[] => Object.keys(record) as Key[];
  return keys(exits).flatMap((exit) =>
    keys(reports).flatMap((report) => {
      const possible = report === "no adapter" || report === "missing" ? (["no tests"] as const) : keys(counts);
      return possible.map((count) => [exit, report, count] as const);
    }),
  );
}

describe("decideVerdict", () => {
  test.each(table)("%s, report %s, %s", (exit, report, count, expected) => {
    const outcome = decideVerdict({
      exit: exits[exit],
      report: reports[report],
      counts: counts[count],
      allowNoTests: false,
    });
    expect(write(outcome)).toBe(expected);
  });

  test("has a named cell for every combination", () => {
    const named = table.map((cell) => cell.slice(0, 3).join(", "));
    expect(named.toSorted()).toEqual(
      allCells()
        .map((cell) => cell.join(", "))
        .toSorted(),
    );
  });

  test.each(table)(
    "allowing no tests changes nothing but that, for %s, report %s, %s",
    (exit, report, count, expected) => {
      const outcome = decideVerdict({
        exit: exits[exit],
        report: reports[report],
        counts: counts[count],
        allowNoTests: true,
      });
      const isAllowed =
        exit === "exit code 0" && report === "complete" && (count === "no tests" || count === "2 skipped");
      expect(write(outcome)).toBe(isAllowed ? "passed" : expected);
    },
  );

  test("gives the code of a command that never started", () => {
    expect(
      decideVerdict({ exit: exits["never started"], counts: counts["no tests"], allowNoTests: false }),
    ).toMatchObject({
      code: "APEX_COMMAND_NOT_FOUND",
    });
  });

  test.each([
    [{ exitCode: 127 }, "exit code 127 (a command was not found)"],
    [{ exitCode: 126 }, "exit code 126 (a command may not be executed)"],
    [{ exitCode: 139 }, "exit code 139 (128 + SIGSEGV)"],
    [{ exitCode: 250 }, "exit code 250"],
    [{ signal: "SIGKILL" }, "ended by signal SIGKILL (kill -9, or the system was out of memory)"],
  ] as const)("explains %j", (exit, reason) => {
    expect(decideVerdict({ exit, counts: counts["no tests"], allowNoTests: false })).toEqual({
      status: "failed",
      reason,
      ...("signal" in exit ? { failureClass: "crash" } : {}),
    });
  });

  test("speaks of one test in the singular", () => {
    const one = { total: 1, passed: 0, failed: 1, skipped: 0, flaky: 0 };
    const verdict = (exitCode: number) =>
      decideVerdict({ exit: { exitCode }, report: reports.complete, counts: one, allowNoTests: false });
    expect(write(verdict(1))).toBe("failed: 1 of 1 test failed");
    expect(write(verdict(0))).toBe("failed: inconsistent: exit code 0 but 1 test failed");
  });
});
