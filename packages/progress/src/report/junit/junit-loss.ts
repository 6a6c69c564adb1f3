import { ApexError } from "@netra-apex/core";
import { effectiveTests } from "../complete-report.ts";
import type { RunReport } from "../run-report.ts";
import type { JunitSuite } from "./junit-suites.ts";

/** A JUnit file does not hold what the events told: a bug of the renderer, which must not be taken for a result. */
export class JunitLossError extends ApexError {
  readonly code = "APEX_JUNIT_LOSS";
  /** What was rendered all the same, as far as it goes: one file under an empty name, or one for each layer by its id. */
  readonly parts: ReadonlyMap<string, string>;

  constructor(message: string, parts: ReadonlyMap<string, string>) {
    super(message, { hint: "please report it, with the file and the run's journal" });
    this.parts = parts;
  }
}

interface Counts {
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
}

const countedBy: Readonly<Record<string, keyof Counts>> = {
  testcase: "tests",
  failure: "failures",
  error: "errors",
  skipped: "skipped",
};

/**
 * Counts the elements of finished documents again and compares them with the sums of their suites and with the tests that the
 * events told, not with what they were rendered from. Throws `JunitLossError`.
 */
export function assertNothingLost(
  parts: ReadonlyMap<string, string>,
  suites: readonly JunitSuite[],
  report: RunReport,
): void {
  const written = [...parts.values()].flatMap(readSuites);
  const problems: string[] = [];
  for (const { name, declared, counted } of written) {
    compare(problems, `${name} says`, declared, counted);
  }
  const all = addUp(written.map(({ counted }) => counted));
  const own = addUp(suites.map(({ cases }) => countCases(cases.filter(({ isTest }) => !isTest))));
  compare(problems, "the events told", addUp([toldBy(report), own]), all);
  if (problems.length > 0) {
    throw new JunitLossError(`the JUnit report lost something: ${problems.join("; ")}`, parts);
  }
}

/** Everything that is text has its `<` escaped: what begins with one is an element. */
function readSuites(document: string): { name: string; declared: Counts; counted: Counts }[] {
  const suites: { name: string; declared: Counts; counted: Counts }[] = [];
  for (const [, tag = "", attributes = ""] of document.matchAll(
    /<(testsuite|testcase|failure|error|skipped)( [^>]*)?\/?>/g,
  )) {
    if (tag === "testsuite") {
      suites.push({ name: attribute(attributes, "name"), declared: declaredBy(attributes), counted: zero() });
      continue;
    }
    const counted = suites.at(-1)?.counted;
    const kind = countedBy[tag];
    if (counted && kind) counted[kind] += 1;
  }
  return suites;
}

function declaredBy(attributes: string): Counts {
  const number = (name: keyof Counts): number => Number(attribute(attributes, name));
  return { tests: number("tests"), failures: number("failures"), errors: number("errors"), skipped: number("skipped") };
}

function attribute(attributes: string, name: string): string {
  return new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
}

function toldBy(report: RunReport): Counts {
  const told = zero();
  for (const { status } of effectiveTests(report)) {
    told.tests += 1;
    if (status === "failed") told.failures += 1;
    else if (status === "errored") told.errors += 1;
    else if (status !== "passed") told.skipped += 1;
  }
  return told;
}

function countCases(cases: JunitSuite["cases"]): Counts {
  const of = (kind: string): number => cases.filter(({ result }) => result.kind === kind).length;
  return { tests: cases.length, failures: of("failure"), errors: of("error"), skipped: of("skipped") };
}

function addUp(all: readonly Counts[]): Counts {
  const sum = zero();
  for (const one of all) {
    for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += one[key];
  }
  return sum;
}

function compare(problems: string[], who: string, expected: Counts, counted: Counts): void {
  for (const key of Object.keys(expected) as (keyof Counts)[]) {
    if (expected[key] !== counted[key]) problems.push(`${who} ${expected[key]} ${key}, the file has ${counted[key]}`);
  }
}

function zero(): Counts {
  return { tests: 0, failures: 0, errors: 0, skipped: 0 };
}
