import { ApexError, didYouMean } from "@netra-apex/core";

/** `framework:` names no adapter. */
export class UnknownFrameworkError extends ApexError {
  readonly code = "APEX_UNKNOWN_FRAMEWORK";
  readonly framework: string;

  constructor(framework: string, known: readonly string[]) {
    const hint = didYouMean(framework, known);
    super(`there is no adapter for the framework "${framework}"`, hint === undefined ? {} : { hint });
    this.framework = framework;
  }
}

/** A framework was named for a command to which its options cannot be added. */
export class FrameworkUnreachableError extends ApexError {
  readonly code = "APEX_FRAMEWORK_UNREACHABLE";
  readonly framework: string;

  constructor(framework: string, why: string, example: string) {
    super(`${framework} must be given options for its report, but ${why}`, {
      hint: `write the command as ${framework} itself (such as "${example}"), or set "framework: command" to go by the exit code alone`,
    });
    this.framework = framework;
  }
}

/** The command already uses a report of the framework that only one can have. */
export class ReporterTakenError extends ApexError {
  readonly code = "APEX_REPORTER_TAKEN";
  readonly framework: string;

  constructor(framework: string, reporter: string) {
    super(`the command asks ${framework} for its "${reporter}" report, which apex needs for itself`, {
      hint: `take the ${reporter} reporter out of the command; any other reporter can stay`,
    });
    this.framework = framework;
  }
}

/** Single tests were asked of a category that can only be run whole. */
export class SelectorsUnsupportedError extends ApexError {
  readonly code = "APEX_SELECTORS_UNSUPPORTED";

  constructor() {
    super("single tests were asked for, but this command is known by its exit code alone", {
      hint: 'run the whole category, or name its test framework with "framework:"',
    });
  }
}

/** Something was asked of a test framework that it is unable to do. */
export class FrameworkCannotError extends ApexError {
  readonly code = "APEX_FRAMEWORK_CANNOT";
  readonly framework: string;

  /** `what` fits after "cannot", such as "run one shard of its tests". */
  constructor(framework: string, what: string, hint?: string) {
    super(`${framework} cannot ${what}`, hint === undefined ? {} : { hint });
    this.framework = framework;
  }
}

/** A test framework did not list its tests. */
export class ListFailedError extends ApexError {
  readonly code = "APEX_LIST_FAILED";
  readonly framework: string;

  constructor(framework: string, why: string) {
    super(`${framework} did not list its tests: ${why}`, {
      hint: "the log of the command that was to list them says more",
    });
    this.framework = framework;
  }
}

/** The report that a command writes by itself cannot be looked for. */
export class ReportLocationError extends ApexError {
  readonly code = "APEX_REPORT_LOCATION";
  readonly framework: string;

  constructor(framework: string, example: string) {
    super(`nothing says where the command writes its ${framework} report`, {
      hint: `name it with "report:", relative to the category's cwd, such as "${example}"`,
    });
    this.framework = framework;
  }
}
