import { ListFailedError } from "./adapter-errors.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { TestList } from "./test-framework-adapter.ts";

/** Reads the list that one of our reporters wrote as a report of tests that were found and not run. Throws `ListFailedError`. */
export async function readStreamedList(framework: string, reportFile: string, cwd: string): Promise<TestList> {
  const { completeness, tests, problem, errors } = await readStreamedReport(reportFile, cwd);
  // A file that cannot be loaded has tests that nobody knows.
  const wrong = completeness === "complete" ? errors?.[0] : problem;
  if (wrong !== undefined) throw new ListFailedError(framework, wrong);
  return { of: "tests", ids: tests.map(({ id }) => id) };
}
