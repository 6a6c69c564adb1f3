import { ListFailedError } from "./adapter-errors.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { TestList } from "./test-framework-adapter.ts";

/** Reads a list that one of our reporters wrote as a streamed report, in which the listed tests are skipped ones. Throws `ListFailedError`. */
export async function listStreamed(framework: string, reportFile: string, cwd: string): Promise<TestList> {
  const { completeness, problem, tests, errors = [] } = await readStreamedReport(reportFile, cwd);
  const broken = tests.filter(({ status }) => status === "errored").map(({ id, message = "" }) => `${id}: ${message}`);
  const [why = problem] = [...errors, ...broken];
  if (why !== undefined || completeness !== "complete") throw new ListFailedError(framework, why ?? "no reason known");
  return { of: "tests", ids: tests.map(({ id }) => id) };
}
