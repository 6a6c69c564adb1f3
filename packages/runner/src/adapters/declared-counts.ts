import type { JUnitCase } from "./junit-collector.ts";

/** A suite that is being read, and what stood before it. */
interface OpenSuite {
  readonly attributes: Readonly<Record<string, string>>;
  readonly firstCase: number;
}

/**
 * Holds what a JUnit report declares of itself (`tests`, `failures`, `errors` of its outermost elements) against the cases in it:
 * a report that declares more than it tells has lost something. What inner suites declare is no use: mocha-junit-reporter
 * counts those beside them, too. pytest counts a test whose teardown breaks twice, and mocha-junit-reporter leaves out what it skips, so errors and
 * skips may explain as many tests.
 */
export class DeclaredCounts {
  readonly #open: OpenSuite[] = [];
  /** The first contradiction, in words. */
  contradiction: string | undefined;

  /** A `<testsuite>`, or the `<testsuites>` around all, begins after so many cases. */
  openSuite(attributes: Readonly<Record<string, string>>, caseCount: number): void {
    this.#open.push({ attributes, firstCase: caseCount });
  }

  /** It ends; `cases` are all cases so far. */
  closeSuite(cases: readonly JUnitCase[]): void {
    const suite = this.#open.pop();
    if (!suite || this.#open.length > 0 || this.contradiction !== undefined) return;
    const { attributes, firstCase } = suite;
    const declared = (name: string): number => Math.max(Number(attributes[name] ?? 0) || 0, 0);
    const failures = declared("failures") + declared("errors");
    if (declared("tests") === 0 && failures === 0) return;
    const told = cases.slice(firstCase);
    const broken = told.filter(({ status, isFlaky }) => status === "failed" || status === "errored" || isFlaky).length;
    const name = attributes["name"] ? `the suite "${attributes["name"]}"` : "the report";
    const explained = declared("errors") + declared("skipped") + declared("disabled");
    if (declared("tests") - explained > told.length) {
      this.contradiction = `${name} declares ${declared("tests")} tests and tells ${told.length}`;
    } else if (failures > 0 && broken === 0) {
      this.contradiction = `${name} declares ${failures} failures and tells none`;
    }
  }
}
