export { createRunReport } from "./create-run-report.ts";
export { RunReportFold } from "./run-report-fold.ts";
export { mergeRunReports } from "./merge-run-reports.ts";
export { ReportError } from "./report-error.ts";
export {
  type Criterion,
  type CriterionStatus,
  type EarlierFailure,
  type EventRef,
  type FailureGroup,
  type MergeFinding,
  mostSlowTests,
  type ProcessSample,
  type ReportedAction,
  type ReportedAlert,
  type ReportedAttempt,
  type ReportedCode,
  type ReportedLayer,
  type ReportedNode,
  type ReportedRun,
  type ReportedTest,
  type ReportedWarning,
  reportVersion,
  type ResourceSample,
  type RunReport,
  type TestMention,
  type TimelineSpan,
  type Verdict,
} from "./run-report.ts";
export type {
  ReportedEnvironment,
  ReportedOutage,
  ReportedReading,
  ReportedService,
  ReportedShortage,
  ReportedWait,
} from "./reported-services.ts";
export { type ReportFormat, reportFormats, renderReport } from "./render-report.ts";
export type { RenderOptions } from "./render-options.ts";
export { renderJunitByLayer } from "./junit/render-junit.ts";
export { JunitLossError } from "./junit/junit-loss.ts";
