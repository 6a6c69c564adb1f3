import type { TestResult } from "@netra-apex/core";
import { StreamedReport, unreadableReport } from "./adapters/streamed-report.ts";
import type { TestFrameworkAdapter, TestReport, WrittenReport } from "./adapters/test-framework-adapter.ts";
import { followOutput } from "./process/follow-output.ts";

/** Reads the report of a command that is running. */
export interface ReportFollower {
  /** Call it when the command has ended. `undefined` where the framework reports nothing. Every test has been handed over. */
  finish(): Promise<TestReport | undefined>;
}

interface FollowOptions {
  readonly adapter: TestFrameworkAdapter;
  /** Where the report will be; it is not there yet. */
  readonly written: WrittenReport;
  /** Called for each test: as it ends where the report is streamed, else when the report is read. */
  readonly onTest: (test: TestResult) => void;
}

/** Follows the report of a command that is about to start; of a framework that writes it in the end, it is read then. */
export function followReport({ adapter, written, onTest }: FollowOptions): ReportFollower {
  if (adapter.isStreamed !== true) {
    return {
      async finish() {
        const report = await adapter.read?.(written);
        for (const test of report?.tests ?? []) onTest(test);
        return report;
      },
    };
  }
  const report = new StreamedReport(written.cwd);
  const follower = followOutput(
    written.reportFile,
    (text) => {
      for (const test of report.add(text)) onTest(test);
    },
    Number.POSITIVE_INFINITY,
  );
  return {
    async finish() {
      try {
        await follower.finish();
      } catch (error) {
        return unreadableReport(report, error);
      }
      const whole = report.end();
      const { logFile } = written;
      if (whole.completeness !== "missing" || logFile === undefined) return whole;
      // To know more is worth a try; that there is no report is what counts.
      const problem = await adapter.explainMissing?.(logFile).catch(() => undefined);
      return problem === undefined ? whole : { ...whole, problem };
    },
  };
}
