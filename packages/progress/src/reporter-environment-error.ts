import { ApexError } from "@netra-apex/core";

/** What a reporter needs around it is not there, or makes no sense: it cannot report from here. */
export class ReporterEnvironmentError extends ApexError {
  readonly code = "APEX_REPORTER_ENVIRONMENT";
}
