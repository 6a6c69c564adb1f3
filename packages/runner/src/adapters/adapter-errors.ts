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

/** What a framework wrote when it was asked to list its tests is no list. */
export class UnreadableListError extends ApexError {
  readonly code = "APEX_UNREADABLE_LIST";
  readonly framework: string;

  constructor(framework: string, cause: unknown) {
    super(`${framework} wrote no list of its tests that can be read`, {
      hint: "the log of the command says why: a file that cannot be loaded, or an option that does not go with listing",
      cause,
    });
    this.framework = framework;
  }
}
