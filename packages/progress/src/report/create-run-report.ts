import { type RunEvent, summarizeRun } from "@netra-apex/core";
import { completeReport } from "./complete-report.ts";
import { RunFold } from "./run-fold.ts";
import type { RunReport } from "./run-report.ts";

/**
 * Makes the report of one run from its events, in their order. A run that was not recorded to its end is `inconclusive`.
 * Throws `ReportError` (`APEX_REPORT_NO_RUN`) where there are no events, where the first one is missing, or where runs are mixed.
 */
export function createRunReport(events: Iterable<RunEvent>): RunReport {
  const fold = new RunFold();
  const summary = summarizeRun(passOn(events, fold));
  return completeReport(fold.result(summary), { summary, findings: [] });
}

/** The same events, each handed to the fold on its way. */
function* passOn(events: Iterable<RunEvent>, fold: RunFold): Generator<RunEvent> {
  for (const event of events) {
    fold.onEvent(event);
    yield event;
  }
}
