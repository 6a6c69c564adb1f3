import { describe, expect, test } from "vitest";
import { nodeTestAdapter } from "../../src/adapters/node-test.ts";
import { describeConformance } from "./conformance.ts";
import { select } from "./prepare.ts";
import { runFixture, statuses } from "./run-fixture.ts";

const run = (command: string, options = {}) => runFixture(nodeTestAdapter, "node-test", command, options);

/** Before, Node holds back what its files say until those before them have ended. */
const tellsAtOnce = Number(process.versions.node.split(".")[0]) >= 24;

describe("node:test itself", () => {
  describeConformance({
    adapter: nodeTestAdapter,
    project: "node-test",
    command: "node --test",
    file: (name) => `${name}.case.mjs`,
    mixed: { passed: 5, failed: 4, skipped: 4 },
    todo: "todo",
    collectionError: "errored file",
    emptyFile: "skipped file",
    allowsEmptyFile: true,
    crash: { file: "kills-runner", signal: "SIGKILL" },
    retries: false,
    shards: true,
    lists: "nothing",
  });

  test("tells todo, subtests, reasons and twins", async () => {
    const { report } = await run("node --test mixed.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "passed mixed.case.mjs > passes",
      "passed mixed.case.mjs > cart > with items > adds up",
      "failed mixed.case.mjs > cart > with items > costs $5 (a+b) [x] | y?",
      "passed mixed.case.mjs > cart > with items > costs $5",
      "skipped mixed.case.mjs > cart > is skipped",
      "todo mixed.case.mjs > cart > is still to do",
      "todo mixed.case.mjs > cart > fails as a todo",
      "passed mixed.case.mjs > parent with subtests > sub one",
      "failed mixed.case.mjs > parent with subtests > sub two",
      "skipped mixed.case.mjs > skips itself",
      'failed mixed.case.mjs > fails in "quotes" <xml> & colour ]]>',
      "failed mixed.case.mjs > has a twin",
      "passed mixed.case.mjs > has a twin (2)",
    ]);
    expect(report.tests[2]).toMatchObject({ line: 9, message: "Expected values to be strictly equal:\n\n2 !== 3" });
    expect(report.tests[3]?.line).toBe(10);
    expect(report.tests[6]?.message).toBe("later");
    expect(report.tests[9]?.message).toBe("no database");
    expect(report.tests[4]).not.toHaveProperty("message");
    expect(report.tests[10]?.message).toBe("red <b> \u0000 end");
  });

  test("errs tests and suites whose hooks fail", async () => {
    const { report } = await run("node --test hooks.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "errored hooks.case.mjs > broken before > never runs",
      "errored hooks.case.mjs > broken before",
      "errored hooks.case.mjs > broken beforeEach > is failed by its hook",
    ]);
    expect(report.tests[1]).toMatchObject({ message: "before broke", line: 5 });
  });

  test("errs a suite of which only the after hook failed, even where Node ends with 0 then", async () => {
    const { exit, report, verdict } = await run("node --test after-hook.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "passed after-hook.case.mjs > broken after > passes before it",
      "errored after-hook.case.mjs > broken after",
    ]);
    expect(verdict).toMatchObject({
      status: "failed",
      reason: exit.exitCode === 0 ? "inconsistent: exit code 0 but 1 test failed" : "1 of 2 tests failed",
    });
  });

  test("fails a test that broke after its subtests had passed", async () => {
    const { report } = await run("node --test parent.case.mjs");
    expect(statuses(report.tests)).toEqual([
      "passed parent.case.mjs > fails after its subtests > sub",
      "failed parent.case.mjs > fails after its subtests",
    ]);
    expect(report.tests[1]?.message).toBe("the parent broke");
  });

  test("knows the suites of tests that run at once", async () => {
    const { report } = await run("node --test concurrent.case.mjs");
    expect(statuses(report.tests).sort()).toEqual([
      "passed concurrent.case.mjs > both at once > fast > inner",
      "passed concurrent.case.mjs > both at once > slow > inner",
    ]);
  });

  test("errs a file whose process ended in the middle of its tests with exit code 0", async () => {
    const { exit, report, verdict } = await run("node --test exits-later.case.mjs passing.case.mjs");
    expect(exit.exitCode).toBe(0);
    expect(report.completeness).toBe("complete");
    expect(statuses(report.tests).sort()).toEqual([
      "errored exits-later.case.mjs",
      "passed exits-later.case.mjs > ends before",
      "passed passing.case.mjs > passes",
      "passed passing.case.mjs > suite > passes too",
    ]);
    expect(verdict).toMatchObject({ status: "failed", reason: "inconsistent: exit code 0 but 1 test failed" });
  });

  test("loses its end when a test ends the one process that all files share", async () => {
    const { report, verdict } = await run(
      "node --test --experimental-test-isolation=none passing.case.mjs exits-later.case.mjs",
    );
    expect(report.completeness).toBe("truncated");
    expect(statuses(report.tests)).toContain("passed exits-later.case.mjs > ends before");
    expect(verdict.status).toBe("failed");
  });

  test("runs several files in one process", async () => {
    const { report, verdict } = await run(
      "node --test --experimental-test-isolation=none passing.case.mjs other.case.mjs",
    );
    expect(statuses(report.tests).sort()).toEqual([
      "passed other.case.mjs > is in another file",
      "passed other.case.mjs > passes",
      "passed passing.case.mjs > passes",
      "passed passing.case.mjs > suite > passes too",
    ]);
    expect(verdict).toEqual({ status: "passed" });
  });

  test.runIf(tellsAtOnce)("tells what ended in one file while the one before it hangs", async () => {
    const command = "node --test --test-concurrency=2 hangs.case.mjs other.case.mjs";
    const { report } = await run(command, { endAfter: "is in another file" });
    expect(statuses(report.tests)).toContain("passed other.case.mjs > is in another file");
    expect(report.completeness).toBe("truncated");
  });

  test("measures coverage when told to, whatever the command says", async () => {
    expect((await run("node --test passing.case.mjs", { coverage: true })).log).toContain("coverage report");
    const without = await run("node --test --experimental-test-coverage passing.case.mjs", { coverage: false });
    expect(without.log).not.toContain("coverage report");
  });

  test.each([
    ["collection-error.case.mjs", 1],
    ["syntax.case.mjs", 1],
    ["exits-with-3.case.mjs", 3],
  ])("reports %s as one errored test that is the file", async (file, exitCode) => {
    const { report, verdict } = await run(`node --test ${file}`);
    expect(report.tests).toEqual([
      {
        id: file,
        name: file,
        suites: [],
        file,
        durationMs: expect.any(Number),
        status: "errored",
        message: `the file failed outside its tests (exit code ${exitCode}); the log says why`,
      },
    ]);
    expect(verdict).toEqual({ status: "failed", reason: "1 of 1 test failed" });
  });

  test.each(["exits.case.mjs", "empty.case.mjs"])(
    "does not pass %s, which ends well without a reported test",
    async (file) => {
      const { exit, report, verdict } = await run(`node --test ${file}`);
      expect(exit.exitCode).toBe(0);
      expect(report.tests).toMatchObject([
        { id: file, status: "skipped", message: expect.stringContaining("reported no test") },
      ]);
      expect(verdict).toEqual({
        status: "failed",
        failureClass: "collection",
        reason: "zero tests ran, 1 test skipped",
      });
    },
  );

  test("wrote no report when it found no file", async () => {
    const { verdict } = await run("node --test nothing-like-this.mjs");
    expect(verdict).toMatchObject({ status: "failed", reason: expect.stringMatching(/^report (missing|truncated): /) });
  });

  test("keeps the user's own reporters in force", async () => {
    const { report, log } = await run("node --test --test-reporter=tap passing.case.mjs");
    expect(log).toContain("TAP version 13");
    expect(report).toMatchObject({ completeness: "complete", tests: [{ status: "passed" }, { status: "passed" }] });
  });
});

describe("selected tests", () => {
  const ran = async (...selectors: ReturnType<typeof select>[]) => {
    const { report } = await run("node --test passing.case.mjs", { selectors });
    return statuses(report.tests);
  };

  test("run alone, whatever their title holds", async () => {
    expect(await ran(select("mixed.case.mjs", "cart", "with items", "costs $5 (a+b) [x] | y?"))).toEqual([
      "failed mixed.case.mjs > cart > with items > costs $5 (a+b) [x] | y?",
    ]);
    expect(await ran(select("mixed.case.mjs", "cart", "with items", "costs $5"))).toEqual([
      "passed mixed.case.mjs > cart > with items > costs $5",
    ]);
    expect(await ran(select("mixed.case.mjs", 'fails in "quotes" <xml> & colour ]]>'))).toEqual([
      'failed mixed.case.mjs > fails in "quotes" <xml> & colour ]]>',
    ]);
  });

  test("may be in several files", async () => {
    expect(
      await ran(
        select("mixed.case.mjs", "cart", "with items", "adds up"),
        select("passing.case.mjs", "suite", "passes too"),
      ),
    ).toEqual(["passed mixed.case.mjs > cart > with items > adds up", "passed passing.case.mjs > suite > passes too"]);
  });

  test("may be a whole file", async () => {
    expect(await ran(select("passing.case.mjs"))).toHaveLength(2);
  });

  test("that no longer exist ran nothing", async () => {
    const { verdict } = await run("node --test", { selectors: [select("passing.case.mjs", "renamed since")] });
    expect(verdict).toMatchObject({ status: "failed", reason: expect.stringContaining("zero tests ran") });
  });
});
