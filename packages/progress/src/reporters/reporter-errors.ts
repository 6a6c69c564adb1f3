import { ApexError } from "@netra-apex/core";

/** There is no reporter of that name, nor a package. */
export class UnknownReporterError extends ApexError {
  readonly code = "APEX_REPORTER_UNKNOWN";
}

/** A module that should have a reporter cannot be loaded, or has none. */
export class ReporterModuleError extends ApexError {
  readonly code = "APEX_REPORTER_UNUSABLE";
}

/** Reporters that were asked for cannot be used together, or not in that way. */
export class ReporterConflictError extends ApexError {
  readonly code = "APEX_REPORTER_CONFLICT";
}

/** The file that a reporter should write cannot be written. */
export class ReporterFileError extends ApexError {
  readonly code = "APEX_REPORTER_UNWRITABLE";
}
