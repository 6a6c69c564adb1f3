import type { RunEvent } from "@netra-apex/core";
import type { RunReport } from "./run-report.ts";
import { RunReportFold } from "./run-report-fold.ts";

/**
 * Makes the report of one run from its events, in their order. A run that was not recorded to its end is `inconclusive`.
 * Throws `ReportError` (`APEX_REPORT_NO_RUN`) where there are no events, where the first one is missing, or where runs are mixed.
 */
export function createRunReport(events: Iterable<RunEvent>): RunReport {
  const fold = new RunReportFold();
  for (const event of events) fold.onEvent(event);
  return fold.report();
}
