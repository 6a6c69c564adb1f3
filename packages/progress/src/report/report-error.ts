import { ApexError } from "@netra-apex/core";

/** There are no events that a report could be made of. */
export class ReportError extends ApexError {
  readonly code = "APEX_REPORT_NO_RUN";
}
