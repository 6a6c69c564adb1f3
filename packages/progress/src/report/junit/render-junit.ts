import type { RunReport } from "../run-report.ts";
import { type JunitCase, type JunitSuite, junitSuites } from "./junit-suites.ts";
import { startTag, xmlText } from "./xml-text.ts";

/**
 * The report as one JUnit file with a suite for each node, in the dialect that Jenkins, GitLab and others read; flaky tests
 * have their failures as `flakyFailure`, as Maven's Surefire writes them. Whatever did not pass is an error or a failure.
 */
export function renderJunit(report: RunReport): string {
  const suites = junitSuites(report);
  const cases = suites.flatMap((suite) => suite.cases);
  // The schema has no place for skipped tests here.
  const all = totals(cases);
  const { runs, from, summary } = report;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${startTag("testsuites", { name: `apex ${runs.map(({ runId }) => runId).join(" ")}`, tests: all.tests, failures: all.failures, errors: all.errors, time: seconds(summary.durationMs) })}>`,
    ...suites.flatMap((suite) => suiteLines(suite, Date.parse(from))),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines({ name, startMs, durationMs, properties, cases }: JunitSuite, fromMs: number): string[] {
  const timestamp = new Date(fromMs + (startMs ?? 0)).toISOString().slice(0, 19);
  const known = properties.map(([key, value]) => `      ${startTag("property", { name: key, value })}/>`);
  return [
    `  ${startTag("testsuite", { name, ...totals(cases), time: seconds(durationMs), timestamp })}>`,
    ...(known.length > 0 ? ["    <properties>", ...known, "    </properties>"] : []),
    ...cases.flatMap(caseLines),
    "  </testsuite>",
  ];
}

function caseLines({ name, classname, durationMs, result, earlier }: JunitCase): string[] {
  const start = `    ${startTag("testcase", { name, classname, time: seconds(durationMs) })}`;
  const content = [
    ...resultLines(result),
    ...earlier.map(({ type, message }) => {
      // Surefire tells failures before a pass from those before a failure.
      const element = result.kind === "passed" ? "flakyFailure" : "rerunFailure";
      return `${startTag(element, { message, type })}/>`;
    }),
  ];
  return content.length === 0
    ? [`${start}/>`]
    : [`${start}>`, ...content.map((text) => `      ${text}`), "    </testcase>"];
}

function resultLines(result: JunitCase["result"]): string[] {
  switch (result.kind) {
    case "passed":
      return [];
    case "skipped":
      return [`${startTag("skipped", { message: result.message })}/>`];
    case "failure":
    case "error": {
      const { kind, type, message, text } = result;
      return [`${startTag(kind, { message, type })}>${xmlText(text)}</${kind}>`];
    }
    default:
      return result satisfies never;
  }
}

function totals(cases: readonly JunitCase[]): Record<"tests" | "failures" | "errors" | "skipped", number> {
  const count = (kind: JunitCase["result"]["kind"]): number =>
    cases.filter(({ result }) => result.kind === kind).length;
  return { tests: cases.length, failures: count("failure"), errors: count("error"), skipped: count("skipped") };
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
