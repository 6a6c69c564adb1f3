import { describe, expect, test } from "vitest";
import { vitestAdapter } from "../../src/adapters/vitest.ts";
import { describeConformance } from "./conformance.ts";
import { select } from "./prepare.ts";
import { runFixture, statuses } from "./run-fixture.ts";

const run = (command: string, options = {}) => runFixture(vitestAdapter, "vitest", command, options);

describe("vitest itself", () => {
  describeConformance({
    adapter: vitestAdapter,
    project: "vitest",
    command: "vitest run",
    file: (name) => `cases/${name}.case.mjs`,
    mixed: { passed: 5, failed: 3, skipped: 2 },
    todo: "todo",
    collectionError: "errored file",
    emptyFile: "errored file",
    allowsEmptyFile: true,
    crash: { file: "kills-vitest", signal: "SIGKILL" },
    retries: true,
    shards: true,
    lists: "tests",
  });

  test("tells titles that look like suites, twins and odd texts apart", async () => {
    const { report } = await run("vitest run cases/mixed.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "passed cases/mixed.case.mjs > passes",
      "passed cases/mixed.case.mjs > cart > with items > adds up",
      "failed cases/mixed.case.mjs > cart > with items > costs $5 (a+b) [x] | y?",
      "passed cases/mixed.case.mjs > cart > with items > costs $5",
      "skipped cases/mixed.case.mjs > cart > is skipped",
      "todo cases/mixed.case.mjs > cart > is still to do",
      "passed cases/mixed.case.mjs > a > b",
      "failed cases/mixed.case.mjs > fails in <xml> & colour ]]>",
      "failed cases/mixed.case.mjs > has a twin",
      "passed cases/mixed.case.mjs > has a twin (2)",
    ]);
    expect(report.tests[2]).toMatchObject({ line: 14, message: "expected 2 to be 3 // Object.is equality" });
    expect(report.tests[6]).toMatchObject({ name: "a > b", suites: [] });
    expect(report.tests[7]?.message).toBe("red <b> ]]> & more");
  });

  test("does not watch although its command leaves out `run`", async () => {
    expect((await run("vitest cases/passing.case.mjs")).verdict).toEqual({ status: "passed" });
  });

  test.each([
    ["collection-error.case.mjs", "cannot be collected"],
    ["syntax.case.mjs", "invalid JS syntax"],
    ["empty.case.mjs", "No test suite found"],
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

  test("errs suites whose hooks fail, and skips what is behind a failing beforeAll", async () => {
    const { report, verdict } = await run("vitest run cases/hooks.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "skipped cases/hooks.case.mjs > broken beforeAll > never runs",
      "errored cases/hooks.case.mjs > broken beforeAll",
      "failed cases/hooks.case.mjs > broken beforeEach > is failed by its hook",
      "passed cases/hooks.case.mjs > broken afterAll > passes before it",
      "errored cases/hooks.case.mjs > broken afterAll",
    ]);
    expect(report.tests[1]).toMatchObject({ message: "beforeAll broke", line: 5 });
    expect(verdict).toMatchObject({ reason: "3 of 5 tests failed" });
  });

  test("tells an unhandled rejection, and is inconsistent when only that made it fail", async () => {
    const { report, verdict } = await run("vitest run cases/unhandled.case.mjs");
    expect(statuses(report.tests)).toEqual(["passed cases/unhandled.case.mjs > passes but leaves a rejection"]);
    expect(report.errors).toEqual([expect.stringContaining("nobody caught me")]);
    expect(verdict).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(
        /^inconsistent: exit code 1 but no test failed \(an error outside the tests: .*nobody caught me/,
      ),
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

  test("keeps the reporters of the command line in force, and its default one", async () => {
    const { report, log } = await run("vitest run cases/passing.case.mjs --reporter=tap --outputFile=/dev/stdout");
    expect(report.completeness).toBe("complete");
    expect(log).toContain("TAP version 13");
    expect((await run("vitest run cases/passing.case.mjs")).log).toContain("Test Files");
  });

  test("measures coverage when told to, whatever the command says", async () => {
    const on = await run("vitest run cases/passing.case.mjs --coverage.provider=v8", { coverage: true });
    expect(on.log).toContain("@vitest/coverage-v8");
    const off = await run("vitest run cases/passing.case.mjs --coverage", { coverage: false });
    expect(off.log).not.toContain("@vitest/coverage-v8");
    expect(off.verdict).toEqual({ status: "passed" });
  });

  test("shows selected tests that are skipped themselves", async () => {
    const selectors = [select("cases/mixed.case.mjs", "cart", "is skipped")];
    const { tests } = await run("vitest run", { selectors });
    expect(statuses(tests)).toEqual(["skipped cases/mixed.case.mjs > cart > is skipped"]);
  });
});
