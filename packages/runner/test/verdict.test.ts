import type { Outcome, Suspicion, TestCounts } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { decideVerdict, type VerdictInput } from "../src/verdict.ts";

const exits = {
  "exit code 0": { exitCode: 0 },
  "exit code 1": { exitCode: 1 },
  "a signal": { signal: "SIGSEGV" },
  "never started": { spawnError: { code: "APEX_COMMAND_NOT_FOUND", message: 'the command "x" was not found in /bin' } },
  "could not be ended": {},
  "guard killed": { guardLost: "the guard was killed" },
  "over its memory limit": {
    signal: "SIGKILL",
    limits: {
      memory: { requestedBytes: 100 * 2 ** 20, enforcement: "sampled", peakBytes: 120 * 2 ** 20, killedBy: "limit" },
    },
  },
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
const overLimit = "failed: over its memory limit (120 MiB of 100 MiB, enforced by sampling) and killed";
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
  ...cellsOf("guard killed", "errored: the guard was killed"),
  ...cellsOf("over its memory limit", overLimit),
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

  const deadline: Outcome = {
    status: "timed-out",
    deadline: "category",
    limitMs: 1_000,
    reason: "the category deadline of 1s was reached",
  };
  const decidesAlone: readonly Exit[] = [
    "never started",
    "could not be ended",
    "guard killed",
    "over its memory limit",
  ];

  test.each(table)("ended by a deadline, %s, report %s, %s", (exit, report, count, expected) => {
    const outcome = decideVerdict({
      exit: exits[exit],
      ended: deadline,
      report: reports[report],
      counts: counts[count],
      allowNoTests: false,
    });
    // What the command had come to until then does not matter, unless it was over before anybody ended it.
    expect(write(outcome)).toBe(decidesAlone.includes(exit) ? expected : `timed-out: ${deadline.reason}`);
  });

  const decisive: Suspicion = { signal: "too-fast", message: "took 0.01 s", isDecisive: true };
  const told: Suspicion = { signal: "no-duration", message: "all 3 tests took 0.00 s", isDecisive: false };

  test.each(table)("with a decisive suspicion, %s, report %s, %s", (exit, report, count, expected) => {
    const outcome = decideVerdict({
      exit: exits[exit],
      report: reports[report],
      counts: counts[count],
      allowNoTests: false,
      suspicions: [told, decisive],
    });
    // Only what was green can prove too little.
    expect(write(outcome)).toBe(expected === "passed" ? "inconclusive: green, but not proved: took 0.01 s" : expected);
  });

  test.each(table)("with a suspicion that is only told, %s, report %s, %s", (exit, report, count, expected) => {
    const outcome = decideVerdict({
      exit: exits[exit],
      report: reports[report],
      counts: counts[count],
      allowNoTests: false,
      suspicions: [told],
    });
    expect(write(outcome)).toBe(expected);
  });

  const hookFailed = { completeness: "complete", errors: ["the global set-up failed"] } as const;

  test.each([
    [
      1,
      "3 passed",
      "failed: inconsistent: exit code 1 but no test failed (an error outside the tests: the global set-up failed)",
    ],
    [0, "3 passed", "failed: inconsistent: exit code 0 but an error outside the tests: the global set-up failed"],
    [1, "2 of 14 failed", "failed: 2 of 14 tests failed"],
    [1, "no tests", "failed: zero tests ran, exit code 1, an error outside the tests: the global set-up failed"],
    [0, "no tests", "failed: zero tests ran, an error outside the tests: the global set-up failed"],
  ] as const)("names an error outside the tests: exit code %i, %s", (exitCode, count, expected) => {
    const outcome = decideVerdict({
      exit: { exitCode },
      report: hookFailed,
      counts: counts[count],
      allowNoTests: true,
    });
    expect(write(outcome)).toBe(expected);
  });

  test("says that the machine was out of memory when the kernel says so", () => {
    const outcome = decideVerdict({
      exit: { signal: "SIGKILL", oomKills: 2 },
      counts: counts["no tests"],
      allowNoTests: false,
    });
    expect(write(outcome)).toBe(
      "failed: ended by signal SIGKILL (the machine was out of memory: the kernel killed 2 processes)",
    );
  });

  test("names the processes that could not be ended", () => {
    const survivors = [{ pid: 7, command: "sleep 9" }];
    const outcome = decideVerdict({ exit: { survivors }, counts: counts["no tests"], allowNoTests: false });
    expect(write(outcome)).toBe(`${cannotEnd}: sleep 9 (pid 7)`);
  });

  test.each([
    ["never started", "infrastructure"],
    ["guard killed", "infrastructure"],
    ["over its memory limit", "crash"],
    ["a signal", "crash"],
  ] as const)("is of the right class: %s, %s", (exit, failureClass) => {
    expect(decideVerdict({ exit: exits[exit], counts: counts["no tests"], allowNoTests: false })).toMatchObject({
      failureClass,
    });
  });

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
