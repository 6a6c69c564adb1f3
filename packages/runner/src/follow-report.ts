import type { TestResult } from "@netra-apex/core";
import { StreamedReport, unreadableReport } from "./adapters/streamed-report.ts";
import type { TestFrameworkAdapter, TestReport } from "./adapters/test-framework-adapter.ts";
import { followOutput } from "./process/follow-output.ts";

/** Reads the report of a command that is running. */
export interface ReportFollower {
  /** Call it when the command has ended. `undefined` where the framework reports nothing. Every test has been handed over. */
  finish(): Promise<TestReport | undefined>;
}

interface FollowOptions {
  readonly adapter: TestFrameworkAdapter;
  /** Absolute; not there yet. */
  readonly reportFile: string;
  readonly cwd: string;
  /** Called for each test: as it ends where the report is streamed, else when the report is read. */
  readonly onTest: (test: TestResult) => void;
}

/** Follows the report of a command that is about to start; of a framework that writes it in the end, it is read then. */
export function followReport({ adapter, reportFile, cwd, onTest }: FollowOptions): ReportFollower {
  if (adapter.isStreamed !== true) {
    return {
      async finish() {
        const report = await adapter.read?.({ reportFile, cwd });
        for (const test of report?.tests ?? []) onTest(test);
        return report;
      },
    };
  }
  const report = new StreamedReport(cwd);
  const follower = followOutput(reportFile, (text) => {
    for (const test of report.add(text)) onTest(test);
  });
  return {
    async finish() {
      try {
        await follower.finish();
      } catch (error) {
        return unreadableReport(report, error);
      }
      return report.end();
    },
  };
}
