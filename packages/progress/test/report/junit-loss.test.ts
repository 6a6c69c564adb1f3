import { beforeAll, describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { assertNothingLost } from "../../src/report/junit/junit-loss.ts";
import { junitSuites } from "../../src/report/junit/junit-suites.ts";
import { renderJunit, renderJunitByLayer } from "../../src/report/junit/render-junit.ts";
import type { RunReport } from "../../src/report/run-report.ts";
import { shopRun } from "./shop-run.ts";

let report: RunReport;
let xml: string;
beforeAll(async () => {
  report = createRunReport(await shopRun());
  xml = renderJunit(report);
});

const asParts = (documents: readonly string[]) => new Map(documents.map((text, index) => [String(index), text]));
const check = (...documents: string[]): void => assertNothingLost(asParts(documents), junitSuites(report), report);

describe("the count of a JUnit report", () => {
  it("finds nothing in a whole one, and in all its parts together", () => {
    expect(() => check(xml)).not.toThrow();
    expect(() => check(...renderJunitByLayer(report).values())).not.toThrow();
  });

  it("counts tests that are skipped for no reason that is told", () => {
    const tests = report.tests.map((test) => {
      const { message: _, ...quiet } = test;
      return test.status === "passed" ? { ...quiet, status: "skipped" as const } : test;
    });
    const silent = renderJunit({ ...report, tests });
    expect(silent).toContain("<skipped/>");
    expect(silent.match(/<skipped/g)?.length).toBeGreaterThan(xml.match(/<skipped/g)?.length ?? 0);
  });

  it("finds a test that is missing", () => {
    const without = xml.replace(/ *<testcase name="[^"]*" classname="[^"]*" time="[^"]*"\/>\n/, "");
    expect(() => check(without)).toThrow(/^the JUnit report lost something: \S+ says \d+ tests, the file has \d+/);
  });

  it("finds a part that is missing", () => {
    const [, ...others] = renderJunitByLayer(report).values();
    expect(() => check(...others)).toThrow(/the events told \d+ tests, the file has \d+/);
  });

  it("finds a failure that became a pass, and a sum that is wrong", () => {
    expect(() => check(xml.replace(/<failure .*?<\/failure>/s, ""))).toThrow(/says \d+ failures, the file has \d+/);
    expect(() => check(xml.replace(/(<testsuite .*?errors=")\d+/, "$199"))).toThrow(/says 99 errors, the file has \d+/);
  });

  it("counts against what the events told, not against what was to be rendered", () => {
    const [first] = report.tests;
    const more = { ...report, tests: [...report.tests, ...(first ? [first] : [])] };
    expect(() => assertNothingLost(asParts([xml]), junitSuites(report), more)).toThrow(
      /^[^;]*the events told \d+ tests/,
    );
  });
});

describe("the plain dialect of a JUnit report", () => {
  it("tells earlier failures as text, and has only elements that every reader knows", () => {
    const plain = renderJunit(report, { junitDialect: "plain" });
    const elements = new Set(plain.match(/<[a-zA-Z-]+(?=[ >])/g));
    expect([...elements].toSorted()).toEqual(
      "<error <failure <properties <property <skipped <system-out <testcase <testsuite <testsuites".split(" "),
    );
    expect(plain).toContain("<system-out>failed before (attempt 1): expected 2 connections, got 1</system-out>");
    expect(plain.match(/<testcase /g)).toHaveLength(xml.match(/<testcase /g)?.length ?? 0);
  });
});
