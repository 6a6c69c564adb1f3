/** How one test ended. `errored` is a test that broke outside its assertions (a hook, a collection error). */
export type TestStatus = "passed" | "failed" | "skipped" | "todo" | "errored";

/** One test as its framework reported it. */
export interface TestResult {
  /** Stable within a category: file, suites and name joined by " > ". */
  readonly id: string;
  /** The test's own title, without its suites. */
  readonly name: string;
  /** The enclosing suites' titles, outermost first. */
  readonly suites: readonly string[];
  /** Path relative to the category's working directory, where the report names it. */
  readonly file?: string;
  readonly line?: number;
  readonly durationMs: number;
  readonly status: TestStatus;
  /** First line(s) of the failure, without colours. */
  readonly message?: string;
  /** The whole failure text as the framework reported it. */
  readonly details?: string;
  /** It failed before it passed, within the framework's own retries. */
  readonly flaky?: boolean;
  /** How often it was tried again, by the framework itself or by apex; absent for a test that was run once. */
  readonly retries?: number;
}

/** How many tests there were, by how they ended; `flaky` ones are among the passed. */
export interface TestCounts {
  readonly total: number;
  readonly passed: number;
  /** Failed assertions and errored tests together. */
  readonly failed: number;
  /** Skipped and todo together. */
  readonly skipped: number;
  readonly flaky: number;
}

/** The counts of what has no tests. */
export const noTests: TestCounts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };

/** Counts test results. */
export function countTests(tests: Iterable<TestResult>): TestCounts {
  const counts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };
  for (const test of tests) {
    counts.total += 1;
    if (test.flaky) counts.flaky += 1;
    switch (test.status) {
      case "passed":
        counts.passed += 1;
        break;
      case "failed":
      case "errored":
        counts.failed += 1;
        break;
      case "skipped":
      case "todo":
        counts.skipped += 1;
        break;
      default:
        test.status satisfies never;
    }
  }
  return counts;
}

/** Adds counts of several nodes. */
export function addCounts(all: Iterable<TestCounts>): TestCounts {
  const sum: { -readonly [Key in keyof TestCounts]: number } = { ...noTests };
  for (const counts of all) {
    sum.total += counts.total;
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
    sum.flaky += counts.flaky;
  }
  return sum;
}
