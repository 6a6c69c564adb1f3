import type { Command, TestResult, TestSelector } from "@netra-apex/core";

/** What a framework's report says, and whether it can be believed. */
export interface TestReport {
  /** `truncated`: it ends in the middle or is not what it should be; `missing`: there is none. */
  readonly completeness: "complete" | "truncated" | "missing";
  /** Also what came before a truncation. */
  readonly tests: readonly TestResult[];
  /** What is wrong with the report, and the likely cause; absent for a complete one. */
  readonly problem?: string;
}

/** What an adapter needs to make a command tell its results. */
export interface PrepareOptions {
  readonly command: Command;
  /** Absolute path to which the framework is to write its report. */
  readonly reportFile: string;
  /** Absolute working directory of the command. */
  readonly cwd: string;
  /** Exactly which tests to run; empty for all. */
  readonly selectors: readonly TestSelector[];
  readonly allowNoTests: boolean;
}

/** Knows one test framework: how it is asked for a report and for single tests, and how its report reads. */
export interface TestFrameworkAdapter {
  readonly name: string;
  /** Whether the command runs this framework in a way that lets options be added to it. */
  matches(command: Command): boolean;
  /** The command with the framework's report options and selected tests. Throws an `ApexError` that says why it cannot. */
  prepare(options: PrepareOptions): Command;
  /** Reads what the command left in `reportFile`. Absent: the framework reports nothing, and the exit code decides alone. */
  read?(report: Pick<PrepareOptions, "reportFile" | "cwd">): Promise<TestReport>;
}
