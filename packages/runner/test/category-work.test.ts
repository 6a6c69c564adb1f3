import type { CategoryTask, Command, Outcome, TestResult } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { FrameworkCannotError, SelectorsUnsupportedError } from "../src/adapters/adapter-errors.ts";
import type { PrepareOptions, TestFrameworkAdapter, TestReport } from "../src/adapters/test-framework-adapter.ts";
import { vitestAdapter } from "../src/adapters/vitest.ts";
import { commandAdapter } from "../src/adapters/command.ts";
import { isFailedByTests, prepareWork } from "../src/category-work.ts";
import { argv, select } from "./adapters/prepare.ts";

const command = argv("vitest run");
const failedTest: TestResult = {
  id: "a.test.ts > Cart > adds",
  name: "adds",
  suites: ["Cart"],
  file: "a.test.ts",
  durationMs: 1,
  status: "failed",
};

function task(over: Partial<CategoryTask> = {}): CategoryTask {
  return {
    category: "unit",
    command,
    cwd: "/project",
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: false,
    ...over,
  };
}

function words({ command: prepared }: { readonly command: Command }): string {
  return prepared.kind === "shell" ? prepared.script : [prepared.file, ...prepared.args].join(" ");
}

function work(over: Partial<CategoryTask>, adapter: TestFrameworkAdapter = vitestAdapter, rerun?: TestResult[]) {
  return prepareWork({ task: task(over), adapter, command, reportFile: "/report", rerun });
}

/** Vitest, as if it were unable to measure coverage. */
const withoutCoverage: TestFrameworkAdapter = {
  ...vitestAdapter,
  prepare(options: PrepareOptions) {
    if (options.coverage !== undefined) throw new FrameworkCannotError("vitest", "measure coverage");
    return vitestAdapter.prepare(options);
  },
};

const withoutSelection: TestFrameworkAdapter = {
  ...vitestAdapter,
  prepare(options: PrepareOptions) {
    if (options.selectors.length > 0) throw new FrameworkCannotError("vitest", "run single tests");
    return vitestAdapter.prepare(options);
  },
};

describe("what an attempt runs", () => {
  test("is only what failed before, without the shard that it was found in", () => {
    const again = work({ shard: { index: 1, total: 2 } }, vitestAdapter, [failedTest]);
    expect(again).toMatchObject({ scope: "failed-tests", selectors: [select("a.test.ts", "Cart", "adds")] });
    expect(words(again)).toContain("/project/a.test.ts");
    expect(words(again)).not.toContain("--shard");
  });

  test("is a whole file where it was the file that failed", () => {
    const file = { ...failedTest, id: "a.test.ts", name: "a.test.ts", suites: [], status: "errored" } as const;
    expect(work({}, vitestAdapter, [file]).selectors).toEqual([select("a.test.ts")]);
  });

  test("is everything again where the framework cannot select, and does not say otherwise", () => {
    const again = work({ shard: { index: 1, total: 2 } }, withoutSelection, [failedTest]);
    expect(again).not.toHaveProperty("scope");
    expect(words(again)).toContain("--shard=1/2");
  });

  test("refuses single tests that a person asked for, and runs everything with a warning where they are only a wish", () => {
    const selectors = [select("a.test.ts", "Cart", "adds")];
    expect(() => work({ selectors }, commandAdapter)).toThrow(SelectorsUnsupportedError);
    const whole = work({ selectors, isSelectionOptional: true }, commandAdapter);
    expect(whole.selectors).toEqual([]);
    expect(whole.warnings).toEqual([expect.stringMatching(/^the whole category runs: single tests were asked for/)]);
  });

  test("goes without coverage, with a warning, where the framework cannot measure it", () => {
    const { warnings, ...prepared } = work({ coverage: true }, withoutCoverage);
    expect(warnings).toEqual(["coverage is left as it is: vitest cannot measure coverage"]);
    expect(words(prepared)).toContain("vitest run");
    expect(work({}, withoutCoverage).warnings).toEqual([]);
  });

  test("measures no coverage when only failed tests run again: it would overwrite that of the whole", () => {
    const asked: (boolean | undefined)[] = [];
    const adapter: TestFrameworkAdapter = {
      ...vitestAdapter,
      prepare(options) {
        asked.push(options.coverage);
        return vitestAdapter.prepare(options);
      },
    };
    work({ coverage: true }, adapter, [failedTest]);
    expect(asked).toEqual([false]);
  });

  test("does not hide any other refusal of the adapter", () => {
    expect(() => work({}, vitestAdapter)).not.toThrow();
    const shell: Command = { kind: "shell", script: "vitest run" };
    expect(() => prepareWork({ task: task(), adapter: vitestAdapter, command: shell, reportFile: "/report" })).toThrow(
      "shell script",
    );
  });
});

describe("a category failed by its tests alone", () => {
  const failed: Outcome = { status: "failed", reason: "1 of 2 tests failed" };
  const complete: TestReport = { completeness: "complete", tests: [] };
  const broken: TestResult = { ...failedTest, status: "errored" };

  test.each<[string, Outcome, TestReport, TestResult[], boolean]>([
    ["when tests failed and the report is whole", failed, complete, [failedTest], true],
    ["not after a crash", { ...failed, failureClass: "crash" }, complete, [failedTest], false],
    ["not at a deadline", { status: "timed-out", deadline: "layer", limitMs: 1, reason: "" }, complete, [], false],
    ["not by a truncated report", failed, { ...complete, completeness: "truncated" }, [failedTest], false],
    ["not without a failed test", failed, complete, [], false],
    ["not when a hook broke, which is no test to ask for", failed, complete, [failedTest, broken], false],
  ])("%s", (_, outcome, report, tests, expected) => {
    expect(isFailedByTests(outcome, report, tests)).toBe(expected);
  });
});
