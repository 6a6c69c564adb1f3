import type { RunReport } from "./run-report.ts";

/** What of a report is told by events directly; all else is computed from it, anew with every merge. */
export type ReportParts = Pick<
  RunReport,
  | "runs"
  | "layers"
  | "nodes"
  | "tests"
  | "services"
  | "shortages"
  | "waits"
  | "environments"
  | "alerts"
  | "warnings"
  | "timeline"
  | "samples"
  | "processSamples"
>;
