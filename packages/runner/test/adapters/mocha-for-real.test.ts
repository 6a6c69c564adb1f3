import { describe, expect, test } from "vitest";
import { mochaAdapter } from "../../src/adapters/mocha.ts";
import { describeConformance } from "./conformance.ts";
import { runFixture, statuses } from "./run-fixture.ts";

const file = (name: string): string => `cases/${name}.case.mjs`;
const run = (command: string, options = {}) => runFixture(mochaAdapter, "mocha", command, options);

describe("mocha itself", () => {
  describeConformance({
    adapter: mochaAdapter,
    project: "mocha",
    command: "mocha",
    file,
    failedExitCode: (failed) => failed,
    mixed: { passed: 4, failed: 2, skipped: 2 },
    todo: "skipped",
    collectionError: "no report",
    emptyFile: "no test",
    allowsEmptyFile: true,
    crash: { file: "exits", exitCode: 0 },
    retries: true,
    shards: false,
    lists: "tests",
  });

  test("keeps tests apart that share their title", async () => {
    const { report } = await run(`mocha ${file("mixed")}`);
    expect(statuses(report.tests).filter((line) => line.includes("twin"))).toEqual([
      `failed ${file("mixed")} > has a twin`,
      `passed ${file("mixed")} > has a twin (2)`,
    ]);
  });

  test("errs hooks that fail, and skips the tests that were not run for them", async () => {
    const { report, verdict } = await run(`mocha ${file("hooks")}`);
    expect(statuses(report.tests)).toEqual([
      `errored ${file("hooks")} > broken before > "before all" hook for "never runs"`,
      `errored ${file("hooks")} > broken beforeEach > "before each" hook for "never runs either"`,
      `passed ${file("hooks")} > broken after > passes before it`,
      `errored ${file("hooks")} > broken after > "after all" hook for "passes before it"`,
      `skipped ${file("hooks")} > broken before > never runs`,
      `skipped ${file("hooks")} > broken beforeEach > never runs either`,
    ]);
    expect(report.tests[0]).toMatchObject({ message: "before broke", line: 5 });
    expect(verdict).toMatchObject({ status: "failed", reason: "3 of 6 tests failed" });
  });

  test("runs files in parallel", async () => {
    const { report, verdict } = await run(
      `mocha --parallel --jobs 2 ${file("passing")} ${file("other")} ${file("flaky")}`,
    );
    expect(report.completeness).toBe("complete");
    expect(report.tests).toHaveLength(6);
    expect(report.tests.find(({ name }) => name === "passes on its second try")).toMatchObject({
      flaky: true,
      retries: 1,
    });
    expect(verdict).toEqual({ status: "passed" });
  });

  test("fails the file of a worker that a test ended, and tells the others", async () => {
    const { report, verdict } = await run(`mocha --parallel --jobs 2 ${file("exits")} ${file("passing")}`);
    expect(report.completeness).toBe("complete");
    expect(statuses(report.tests).sort()).toEqual([
      `failed ${file("exits")} > Uncaught error outside test suite`,
      `passed ${file("passing")} > passes`,
      `passed ${file("passing")} > suite > passes too`,
    ]);
    expect(verdict).toMatchObject({ status: "failed", reason: "1 of 3 tests failed" });
  });

  test.each([
    ["its default", "mocha", /✔ passes/, {}],
    ["a built-in one", "mocha --reporter tap", /^ok 1 passes$/m, {}],
    ["a built-in one, by its short name", "mocha -R dot", /^\s*\.\./m, {}],
    ["one of a file", "mocha --reporter ./own-reporter.cjs", /own reporter\. passes\n[^]*own reporter is done/, {}],
    ["with its options", "mocha -R own-reporter.cjs -O sign=!", /own reporter! passes/, {}],
    ["one of a config", "mocha --config with-reporter.json", /own reporter\? passes/, {}],
  ])("keeps the user's reporter in force: %s", async (_, command, shows) => {
    const { report, log } = await run(`${command} ${file("passing")}`);
    expect(log).toMatch(shows);
    expect(report).toMatchObject({ completeness: "complete" });
  });

  test("skips what a bail has left out", async () => {
    const { report, verdict } = await run(`mocha --bail ${file("mixed")}`);
    expect(report.completeness).toBe("complete");
    expect(report.tests.filter(({ message }) => message === "it did not run").length).toBeGreaterThan(2);
    expect(verdict).toMatchObject({ reason: "1 of 8 tests failed" });
  });
});
