import type { TestResult, TestSelector } from "@netra-apex/core";

/**
 * Leaves out the tests that a framework reports as skipped only because they were not selected. What ran stays, selected or
 * not: it did run.
 */
export function withoutUnselected(
  tests: readonly TestResult[],
  selectors: readonly TestSelector[],
): readonly TestResult[] {
  if (selectors.length === 0) return tests;
  return tests.filter(
    (test) =>
      (test.status !== "skipped" && test.status !== "todo") || selectors.some((selector) => selects(selector, test)),
  );
}

/** The selectors to which no reported test belongs: what was asked for did not run, whatever else did. */
export function selectorsWithoutTest(
  tests: readonly TestResult[],
  selectors: readonly TestSelector[],
): readonly TestSelector[] {
  // A report that names no file for a test leaves its title to tell.
  const answers = (selector: TestSelector, test: TestResult): boolean =>
    selects(test.file === undefined ? { ...selector, file: "" } : selector, test);
  return selectors.filter((selector) => !tests.some((test) => answers(selector, test)));
}

function selects({ file, path }: TestSelector, test: TestResult): boolean {
  if (file !== "" && file !== test.file) return false;
  const titles = [...test.suites, test.name];
  return path.length === 0 || (path.length === titles.length && path.every((title, index) => title === titles[index]));
}
