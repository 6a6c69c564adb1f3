import { describe, expect, test } from "vitest";
import { vitestAdapter } from "../../src/adapters/vitest.ts";
import { withoutUnselected } from "../../src/selected-tests.ts";
import { select } from "./prepare.ts";
import { runFixture, statuses } from "./run-fixture.ts";

const run = (command: string, options = {}) => runFixture(vitestAdapter, "vitest", command, options);

describe("vitest itself", () => {
  test("reports every status with suites, file, line, texts and flakiness", async () => {
    const { exit, report, verdict } = await run("vitest run cases/mixed.case.mjs");
    expect(exit.exitCode).toBe(1);
    expect(report.completeness).toBe("complete");
    expect(statuses(report.tests)).toEqual([
      "passed cases/mixed.case.mjs > passes",
      "passed cases/mixed.case.mjs > cart > with items > adds up",
      "failed cases/mixed.case.mjs > cart > with items > costs $5 (a+b) [x] | y?",
      "passed cases/mixed.case.mjs > cart > with items > costs $5",
      "skipped cases/mixed.case.mjs > cart > is skipped",
      "todo cases/mixed.case.mjs > cart > is still to do",
      "passed cases/mixed.case.mjs > passes on its second try",
      "passed cases/mixed.case.mjs > a > b",
      "failed cases/mixed.case.mjs > fails in <xml> & colour ]]>",
    ]);
    expect(report.tests[2]).toEqual({
      id: "cases/mixed.case.mjs > cart > with items > costs $5 (a+b) [x] | y?",
      name: "costs $5 (a+b) [x] | y?",
      suites: ["cart", "with items"],
      file: "cases/mixed.case.mjs",
      line: 14,
      durationMs: expect.any(Number),
      status: "failed",
      message: "AssertionError: expected 2 to be 3 // Object.is equality",
      details: expect.stringContaining("mixed.case.mjs:14:17"),
    });
    expect(report.tests[6]).toMatchObject({ name: "passes on its second try", flaky: true });
    expect(report.tests[6]?.message).toBeUndefined();
    // Only JSON tells this title from a suite `a` with a test `b`.
    expect(report.tests[7]).toMatchObject({ name: "a > b", suites: [] });
    expect(report.tests[8]?.message).toBe("Error: red <b> ]]> & more");
    expect(verdict).toEqual({ status: "failed", reason: "2 of 9 tests failed" });
  });

  test("passes", async () => {
    const { report, verdict } = await run("vitest run cases/passing.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "passed cases/passing.case.mjs > passes",
      "passed cases/passing.case.mjs > suite > passes too",
    ]);
    expect(verdict).toEqual({ status: "passed" });
  });

  test("does not watch although its command leaves out `run`", async () => {
    expect((await run("vitest cases/passing.case.mjs")).verdict).toEqual({ status: "passed" });
  });

  test.each([
    ["collection-error.case.mjs", "cannot be collected"],
    ["syntax.case.mjs", "invalid JS syntax"],
    ["empty.case.mjs", "No test suite found"],
    ["suite-hook.case.mjs", "a hook or something else outside the tests failed"],
  ])("reports %s as one errored test that is the file", async (file, message) => {
    const { report, verdict } = await run(`vitest run cases/${file}`);
    expect(report.tests.at(-1)).toMatchObject({
      id: `cases/${file}`,
      name: `cases/${file}`,
      file: `cases/${file}`,
      status: "errored",
      message: expect.stringContaining(message),
    });
    expect(verdict).toMatchObject({ status: "failed", reason: expect.stringMatching(/^1 of \d tests? failed$/) });
  });

  test("fails a test whose hook fails, and skips those behind a failing beforeAll", async () => {
    const { report } = await run("vitest run cases/hooks.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "skipped cases/hooks.case.mjs > broken beforeAll > never runs",
      "failed cases/hooks.case.mjs > broken beforeEach > is failed by its hook",
      "passed cases/hooks.case.mjs > broken afterAll > passes before it",
    ]);
  });

  test("is inconsistent when only an unhandled rejection made it fail", async () => {
    const { report, verdict } = await run("vitest run cases/unhandled.case.mjs");
    expect(statuses(report.tests)).toEqual(["passed cases/unhandled.case.mjs > passes but leaves a rejection"]);
    expect(verdict).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^inconsistent: exit code 1 but no test failed .*unhandled rejection/),
    });
  });

  test("fails the test that calls process.exit", async () => {
    const { report } = await run("vitest run cases/exits.case.mjs");
    expect(report.tests.map(({ status }) => status)).toEqual(["passed", "failed", "passed"]);
  });

  test("errs the tests of a worker that died", async () => {
    const { report, verdict } = await run("vitest run cases/crash.case.mjs");
    expect(report.tests.map(({ status, message }) => [status, message])).toEqual(
      Array.from({ length: 3 }, () => ["errored", "it never finished"]),
    );
    expect(verdict).toEqual({ status: "failed", reason: "3 of 3 tests failed" });
  });

  test("that is killed leaves no report", async () => {
    const { report, verdict } = await run("vitest run cases/kills-vitest.case.mjs");
    expect(report).toMatchObject({ completeness: "missing", tests: [] });
    expect(verdict).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^report missing: vitest wrote no report.*ended by signal SIGKILL/),
    });
  });

  test("ran nothing when it found no test, or skipped all", async () => {
    expect((await run("vitest run nothing-like-this")).verdict).toEqual({
      status: "failed",
      failureClass: "collection",
      reason: "zero tests ran, exit code 1",
    });
    expect((await run("vitest run nothing-like-this", { allowNoTests: true })).verdict).toEqual({ status: "passed" });
    expect((await run("vitest run cases/skipped.case.mjs")).verdict).toEqual({
      status: "failed",
      failureClass: "collection",
      reason: "zero tests ran, 2 tests skipped",
    });
  });

  test("keeps the user's own reporters in force", async () => {
    const { report } = await run("vitest run cases/passing.case.mjs --reporter=tap");
    expect(report.completeness).toBe("complete");
  });
});

describe("selected tests", () => {
  const ran = async (...selectors: ReturnType<typeof select>[]) => {
    const { report } = await run("vitest run cases/passing.case.mjs", { selectors });
    return statuses(withoutUnselected(report.tests, selectors));
  };

  test("run alone, whatever their title holds", async () => {
    expect(await ran(select("cases/mixed.case.mjs", "cart", "with items", "costs $5 (a+b) [x] | y?"))).toEqual([
      "failed cases/mixed.case.mjs > cart > with items > costs $5 (a+b) [x] | y?",
    ]);
    expect(await ran(select("cases/mixed.case.mjs", "cart", "with items", "costs $5"))).toEqual([
      "passed cases/mixed.case.mjs > cart > with items > costs $5",
    ]);
    expect(await ran(select("cases/mixed.case.mjs", "a > b"))).toEqual(["passed cases/mixed.case.mjs > a > b"]);
  });

  test("may be in several files", async () => {
    expect(
      await ran(
        select("cases/mixed.case.mjs", "cart", "with items", "adds up"),
        select("cases/passing.case.mjs", "suite", "passes too"),
      ),
    ).toEqual(
      expect.arrayContaining([
        "passed cases/mixed.case.mjs > cart > with items > adds up",
        "passed cases/passing.case.mjs > suite > passes too",
      ]),
    );
  });

  test("may be a whole file", async () => {
    expect(await ran(select("cases/passing.case.mjs"))).toHaveLength(2);
  });

  test("are shown when they are skipped themselves", async () => {
    expect(await ran(select("cases/mixed.case.mjs", "cart", "is skipped"))).toEqual([
      "skipped cases/mixed.case.mjs > cart > is skipped",
    ]);
  });
});
