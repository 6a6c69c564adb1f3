import { stripVTControlCharacters } from "node:util";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import { lastLines } from "./process/last-lines.ts";

const searchedLines = 20_000;
const searchedBytes = 1024 * 1024;

/**
 * Whether something may have failed that is no test of the report: then running the failed tests again proves nothing. What
 * these frameworks leave out of their reports is in the end of their output; where that is in another form than their own
 * reporter's, nobody knows, and so it may.
 */
const mayFailOutside: Readonly<Record<string, (output: string, failedTests: number) => boolean>> = {
  vitest: (output) => !/^\s*Test Files\s/m.test(output) || /^\s*Errors\s+\d+ errors?\b/m.test(output),
  "node:test": (output, failedTests) => {
    const start = output.lastIndexOf("✖ failing tests:");
    return start === -1 || [...output.slice(start).matchAll(/^test at /gm)].length !== failedTests;
  },
};

/** What a run of a framework left behind. */
export interface FrameworkRun {
  readonly framework: string;
  /** It tells errors outside the tests by itself. */
  readonly isStreamed: boolean;
  readonly report: TestReport;
  readonly failedTests: number;
  readonly logFile: string;
}

/** Whether something else than the tests of a report may have failed. */
export async function hasFailuresOutside(run: FrameworkRun): Promise<boolean> {
  const { framework, isStreamed, report, failedTests, logFile } = run;
  if (report.errors?.length) return true;
  const judge = isStreamed ? undefined : mayFailOutside[framework];
  if (!judge) return false;
  return judge(stripVTControlCharacters(await lastLines(logFile, searchedLines, searchedBytes)), failedTests);
}
