import type { RunReport } from "../run-report.ts";
import { type JunitCase, type JunitSuite, junitSuites } from "./junit-suites.ts";
import { assertNothingLost } from "./junit-loss.ts";
import { startTag, xmlText } from "./xml-text.ts";
import type { RenderOptions, ResolvedRenderOptions } from "../render-options.ts";

type Dialect = ResolvedRenderOptions["junitDialect"];

/** The name of the part that holds what concerns the run as a whole; longer where a layer is called so. */
const runPart = "apex";

/**
 * The report as one JUnit file with a suite for each node, in the dialect that Jenkins, GitLab and others read; flaky tests
 * have their failures as `flakyFailure`, as Maven's Surefire writes them. Whatever did not pass is an error or a failure.
 * Throws `JunitLossError` where the file does not hold what the events told.
 */
export function renderJunit(report: RunReport, { junitDialect = "surefire" }: RenderOptions = {}): string {
  const suites = junitSuites(report);
  const text = document(report, suites, junitDialect);
  assertNothingLost(new Map([["", text]]), suites, report);
  return text;
}

/**
 * The same in parts: one for each layer, by its id, and one for what concerns the run as a whole, where there is something.
 * All of them together hold what the one file holds. Throws `JunitLossError`.
 */
export function renderJunitByLayer(
  report: RunReport,
  { junitDialect = "surefire" }: RenderOptions = {},
): ReadonlyMap<string, string> {
  const suites = junitSuites(report);
  const layers = new Set(report.layers.map(({ id }) => id));
  const parts = new Map<string, JunitSuite[]>([...layers].map((id) => [id, []]));
  let rest = runPart;
  while (layers.has(rest)) rest += "_run";
  for (const suite of suites) {
    const part = suite.node?.layerId ?? rest;
    parts.set(part, [...(parts.get(part) ?? []), suite]);
  }
  const texts = new Map([...parts].map(([part, own]) => [part, document(report, own, junitDialect)]));
  assertNothingLost(texts, suites, report);
  return texts;
}

function document({ runs, from, summary, layers }: RunReport, suites: readonly JunitSuite[], dialect: Dialect): string {
  const cases = suites.flatMap((suite) => suite.cases);
  // The schema has no place for skipped tests here.
  const all = totals(cases);
  const ids = new Set(suites.flatMap(({ node }) => node?.layerId ?? []));
  const own = layers.filter(({ id }) => ids.has(id));
  const durationMs = own.length === 1 && layers.length > 1 ? own[0]?.durationMs : summary.durationMs;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${startTag("testsuites", { name: `apex ${runs.map(({ runId }) => runId).join(" ")}`, tests: all.tests, failures: all.failures, errors: all.errors, time: seconds(durationMs ?? 0) })}>`,
    ...suites.flatMap((suite) => suiteLines(suite, Date.parse(from), dialect)),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines(
  { name, startMs, durationMs, properties, cases }: JunitSuite,
  fromMs: number,
  dialect: Dialect,
): string[] {
  const timestamp = new Date(fromMs + (startMs ?? 0)).toISOString().slice(0, 19);
  const known = properties.map(([key, value]) => `      ${startTag("property", { name: key, value })}/>`);
  return [
    `  ${startTag("testsuite", { name, ...totals(cases), time: seconds(durationMs), timestamp })}>`,
    ...(known.length > 0 ? ["    <properties>", ...known, "    </properties>"] : []),
    ...cases.flatMap((one) => caseLines(one, dialect)),
    "  </testsuite>",
  ];
}

function caseLines({ name, classname, durationMs, result, earlier }: JunitCase, dialect: Dialect): string[] {
  const start = `    ${startTag("testcase", { name, classname, time: seconds(durationMs) })}`;
  const content = [
    ...resultLines(result),
    ...(dialect === "plain" ? plainLines(earlier) : earlierLines(earlier, result)),
  ];
  return content.length === 0
    ? [`${start}/>`]
    : [`${start}>`, ...content.map((text) => `      ${text}`), "    </testcase>"];
}

function earlierLines(earlier: JunitCase["earlier"], result: JunitCase["result"]): string[] {
  // Surefire tells failures before a pass from those before a failure.
  const element = result.kind === "passed" ? "flakyFailure" : "rerunFailure";
  return earlier.map(({ type, message }) => `${startTag(element, { message, type })}/>`);
}

function plainLines(earlier: JunitCase["earlier"]): string[] {
  if (earlier.length === 0) return [];
  const lines = earlier.map(({ type, message }) => `failed before (${type}): ${message}`);
  return [`<system-out>${xmlText(lines.join("\n"))}</system-out>`];
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
