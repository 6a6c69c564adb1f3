// oxlint-disable vitest/no-conditional-tests -- what a framework can do decides which tests there are
import { expect, test } from "vitest";
import type { TestFrameworkAdapter } from "../../src/adapters/test-framework-adapter.ts";
import { argv, select } from "./prepare.ts";
import { listFixture, runFixture, statuses } from "./run-fixture.ts";

/** What the conformance suite has to know of a framework and of its fixture project. */
export interface ConformingFramework {
  readonly adapter: TestFrameworkAdapter;
  readonly project: string;
  /** The command; files are added to it. */
  readonly command: string;
  /** The path of one of the cases in the project, as results name it. */
  file(name: string): string;
  /** The exit code of a run in which tests failed. */
  readonly failedExitCode?: (failed: number) => number;
  /** What `mixed` comes to. */
  readonly mixed: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** The status of the other test that is not run, beside the skipped one. */
  readonly todo?: "todo" | "skipped";
  /** How a file that cannot be loaded is told of. */
  readonly collectionError: "errored file" | "error line" | "no report";
  /** What running an empty file gives. */
  readonly emptyFile: "no test" | "errored file" | "skipped file";
  /** Whether an empty file passes where zero tests are allowed. */
  readonly allowsEmptyFile: boolean;
  /** What is left when a test ends the process that it runs in (or, where that is a worker, the framework's own). */
  readonly crash: { readonly file: string; readonly exitCode?: number; readonly signal?: string };
  /** Whether the framework tries a failed test again when the test asks for it. */
  readonly retries: boolean;
  readonly shards: boolean;
  readonly lists: "tests" | "files" | "nothing";
}

/** What every adapter of a streaming framework has to do, seen with the framework itself. */
export function describeConformance(framework: ConformingFramework): void {
  const { adapter, project, command, mixed } = framework;
  const { failedExitCode = () => 1 } = framework;
  const file = (name: string): string => framework.file(name);
  const run = (names: readonly string[], options = {}) =>
    runFixture(adapter, project, [command, ...names.map((name) => file(name))].join(" "), options);

  test("tests that pass are a pass", async () => {
    const { exit, report, counts, verdict } = await run(["passing"]);
    expect(statuses(report.tests)).toEqual([
      `passed ${file("passing")} > passes`,
      `passed ${file("passing")} > suite > passes too`,
    ]);
    expect(report).not.toHaveProperty("errors");
    expect([exit.exitCode, report.completeness]).toEqual([0, "complete"]);
    expect(counts).toEqual({ total: 2, passed: 2, failed: 0, skipped: 0, flaky: 0 });
    expect(verdict).toEqual({ status: "passed" });
  });

  test("each way to end is told, with suites, file, line and texts", async () => {
    const { exit, report, counts, verdict } = await run(["mixed"]);
    const { passed, failed, skipped } = mixed;
    const total = passed + failed + skipped;
    expect(counts).toEqual({ total, ...mixed, flaky: 0 });
    expect([exit.exitCode, report.completeness]).toEqual([failedExitCode(failed), "complete"]);
    expect(verdict).toMatchObject({ status: "failed", reason: `${failed} of ${total} tests failed` });

    const title = "costs $5 (a+b) [x] | y?";
    const failing = report.tests.find(({ name }) => name === title);
    expect(failing).toEqual({
      id: `${file("mixed")} > cart > with items > ${title}`,
      name: title,
      suites: ["cart", "with items"],
      file: file("mixed"),
      line: expect.any(Number),
      durationMs: expect.any(Number),
      status: "failed",
      message: expect.stringMatching(/2|3/),
      details: expect.stringMatching(/mixed\.case\.m?js:\d+:\d+/),
    });
    expect(report.tests.find(({ name }) => name === "costs $5")).toMatchObject({ status: "passed" });
    expect(report.tests.find(({ name }) => name === "is skipped")).toMatchObject({ status: "skipped" });
    const todo = report.tests.find(({ name }) => name === "is still to do");
    expect(todo?.status).toBe(framework.todo);
    expect(JSON.stringify(report.tests)).not.toContain(String.raw`\u001b`);
  });

  test("a file that cannot be loaded fails the run", async () => {
    const { exit, report, verdict } = await run(["collection-error"]);
    expect(exit.exitCode).not.toBe(0);
    expect(verdict.status).toBe("failed");
    const told = {
      "errored file": { tests: [{ id: file("collection-error"), status: "errored" }] },
      "error line": {
        completeness: "complete",
        tests: [],
        errors: expect.arrayContaining([expect.stringContaining("cannot be collected")]),
      },
      "no report": { completeness: "missing", tests: [] },
    };
    expect(report).toMatchObject(told[framework.collectionError]);
  });

  test("zero tests are no pass, unless they are allowed", async () => {
    const { verdict, report } = await run(["empty"]);
    expect(verdict.status).toBe("failed");
    const told = {
      "errored file": [{ id: file("empty"), status: "errored" }],
      "skipped file": [{ id: file("empty"), status: "skipped" }],
      "no test": [],
    };
    expect(report.tests).toMatchObject(told[framework.emptyFile]);
    const allowed = await run(["empty"], { allowNoTests: true });
    expect(allowed.verdict.status).toBe(framework.allowsEmptyFile ? "passed" : "failed");
  });

  test("what had ended before a deadline is told, and that it is not all", async () => {
    const { exit, report } = await run(["hangs"], { endAfter: "ends before" });
    expect(exit.terminated).toBeDefined();
    const passed = report.tests.filter(({ status }) => status === "passed");
    expect(passed.map(({ id }) => id)).toEqual([`${file("hangs")} > ends before`]);
    // A framework whose workers go first may still come to its end, and then says what never finished.
    const isToldUnfinished = report.tests.some(({ status }) => status === "errored");
    expect(report.completeness === "truncated" || isToldUnfinished).toBe(true);
  });

  test("what had ended before a crash is told, and that it is not all", async () => {
    const { exit, report, verdict } = await run([framework.crash.file]);
    const { exitCode, signal } = framework.crash;
    expect({ exitCode: exit.exitCode, signal: exit.signal }).toEqual({ exitCode, signal });
    expect(report.completeness).toBe("truncated");
    expect(statuses(report.tests)).toEqual([`passed ${file(framework.crash.file)} > ends before`]);
    expect(verdict).toMatchObject({
      status: "failed",
      failureClass: "crash",
      reason: expect.stringMatching(/^report truncated: the command ended before all its tests had/),
    });
  });

  if (framework.retries) {
    test("a test that passes when it is tried again is flaky", async () => {
      const { report, counts } = await run(["flaky"]);
      expect(report.tests.find(({ name }) => name === "passes on its second try")).toMatchObject({
        status: "passed",
        flaky: true,
        retries: 1,
      });
      const others = report.tests.filter(({ name }) => name === "passes at once");
      expect(others).toMatchObject([{ status: "passed" }]);
      expect(others[0]).not.toHaveProperty("flaky");
      expect(counts.flaky).toBe(1);
    });
  }

  test("a single test is selected, whatever its title holds", async () => {
    const selectors = [select(file("mixed"), "cart", "with items", "costs $5 (a+b) [x] | y?")];
    const one = await run([], { selectors });
    expect(statuses(one.tests)).toEqual([`failed ${file("mixed")} > cart > with items > costs $5 (a+b) [x] | y?`]);
    const other = await run(["passing"], { selectors: [select(file("mixed"), "cart", "with items", "costs $5")] });
    expect(statuses(other.tests)).toEqual([`passed ${file("mixed")} > cart > with items > costs $5`]);
    expect(other.verdict).toEqual({ status: "passed" });
  });

  test("tests of several files and whole files are selected", async () => {
    const single = await run([], {
      selectors: [
        select(file("mixed"), "cart", "with items", "adds up"),
        select(file("passing"), "suite", "passes too"),
      ],
    });
    expect(statuses(single.tests).sort()).toEqual([
      `passed ${file("mixed")} > cart > with items > adds up`,
      `passed ${file("passing")} > suite > passes too`,
    ]);
    const whole = await run([], { selectors: [select(file("passing"))] });
    expect(statuses(whole.tests)).toEqual([
      `passed ${file("passing")} > passes`,
      `passed ${file("passing")} > suite > passes too`,
    ]);
  });

  if (framework.shards) {
    test("the shards together run every test once", async () => {
      const names = ["passing", "other", "mixed"];
      const all = statuses((await run(names)).report.tests).sort();
      const parts = [];
      for (const index of [1, 2]) parts.push((await run(names, { shard: { index, total: 2 } })).report.tests);
      expect(parts.every((part) => part.length > 0)).toBe(true);
      expect(statuses(parts.flat()).sort()).toEqual(all);
    });
  } else {
    test("a shard is refused", () => {
      const options = { command: argv(command), reportFile: "REPORT", cwd: "/", selectors: [], allowNoTests: false };
      expect(() => adapter.prepare({ ...options, shard: { index: 1, total: 2 } })).toThrow(
        expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT" }),
      );
    });
  }

  if (framework.lists === "nothing") {
    test("nobody is told that its tests can be listed", () => {
      expect(adapter.list).toBeUndefined();
    });
  } else {
    test("the tests are listed without being run", async () => {
      const names = ["passing", "other"];
      const list = await listFixture(adapter, project, [command, ...names.map((name) => file(name))].join(" "));
      expect(list.of).toBe(framework.lists);
      const { report } = await run(names);
      const known = list.of === "files" ? names.map((name) => file(name)) : report.tests.map(({ id }) => id);
      expect([...list.ids].sort()).toEqual([...known].sort());
    });
  }
}
