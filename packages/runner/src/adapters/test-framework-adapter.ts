import type { Command, TestResult, TestSelector } from "@netra-apex/core";

/** What a framework's report says, and whether it can be believed. */
export interface TestReport {
  /** `truncated`: it ends in the middle or is not what it should be; `missing`: there is none. */
  readonly completeness: "complete" | "truncated" | "missing";
  /** Also what came before a truncation. */
  readonly tests: readonly TestResult[];
  /** What is wrong with the report, and the likely cause; absent for a complete one. */
  readonly problem?: string;
  /** How many tests the framework had found before it ran them, where it says so. */
  readonly collected?: number;
  /** What went wrong outside every test (an unhandled rejection, a global set-up), in the framework's words. */
  readonly errors?: readonly string[];
}

/** One part of a category's tests, for running them on several workers: `1/4` to `4/4`. */
export interface Shard {
  /** From 1 on. */
  readonly index: number;
  readonly total: number;
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
  readonly shard?: Shard | undefined;
  /**
   * Only these files, relative to `cwd` and at least one; what else the command says about which tests run still holds. Only
   * for adapters with `files`, and not together with selectors or a shard.
   */
  readonly files?: readonly string[] | undefined;
  /** Whether coverage is measured; absent: as the command and the framework's own config say. */
  readonly coverage?: boolean | undefined;
  /** The variables that the category adds to the environment of `apex` itself. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Where the command writes a report by itself: a path or a glob relative to `cwd`. */
  readonly report?: string | undefined;
}

/** A command that tells its results. */
export interface PreparedCommand {
  readonly command: Command;
  /** Variables that the framework needs for its report; they win over the category's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reports that were there before the command started: handed back to `read`, which must not take them for its work. */
  readonly before?: ReportsBefore;
}

/** What tells one version of a file from the next, by the file's absolute path. */
export type ReportsBefore = ReadonlyMap<string, string>;

/** What a command left behind. */
export interface WrittenReport extends Pick<PrepareOptions, "reportFile" | "cwd" | "report"> {
  /** What the command wrote to stdout and stderr; absent where nobody kept it. */
  readonly logFile?: string;
  readonly before?: ReportsBefore | undefined;
}

/** The tests of a category, found without running them. */
export interface TestList {
  /** What the framework can list: files, or single tests. */
  readonly of: "files" | "tests";
  /** `TestResult.file` or `TestResult.id` of each, in any order. */
  readonly ids: readonly string[];
}

/** How a framework lists its tests without running them. */
export interface TestLister {
  /** The command that lists; what it writes to stdout and stderr goes into a log file. Throws an `ApexError` that says why it cannot. */
  prepare(options: Pick<PrepareOptions, "command" | "reportFile" | "cwd" | "shard" | "env">): PreparedCommand;
  /** Reads what that command left in the report file, if it wrote one, or in its log. Throws when there is no list in it. */
  read(written: { readonly reportFile: string; readonly logFile: string; readonly cwd: string }): Promise<TestList>;
}

/** The test files of a category, relative to its working directory, with `/`. */
export interface FileList {
  /** Each is run by exactly one shard. */
  readonly files: readonly string[];
  /** Files without tests of their own, such as hooks for all tests: every shard loads them. */
  readonly everywhere?: readonly string[];
}

/** How a framework lists its test files, for sharing them out to shards. */
export interface FileLister {
  /** As that of {@link TestLister}. */
  readonly prepare: TestLister["prepare"];
  /** As that of {@link TestLister}. */
  read(written: Parameters<TestLister["read"]>[0]): Promise<FileList>;
  /** `part-of-path`: to ask for a file is to ask for all files whose path has its name in it, upper and lower case alike. */
  readonly selects: "exactly" | "part-of-path";
  /** Set where the framework cannot be run in shards by itself. */
  readonly isOnlyWay?: true;
}

/** Knows one test framework: how it is asked for a report and for single tests, and how its report reads. */
export interface TestFrameworkAdapter {
  readonly name: string;
  /** Whether the command runs this framework in a way that lets options be added to it. */
  matches(command: Command): boolean;
  /**
   * The command with the framework's report options, selected tests, shard and coverage.
   * Throws an `ApexError` that says why it cannot, `APEX_FRAMEWORK_CANNOT` for what the framework is unable to do.
   */
  prepare(options: PrepareOptions): PreparedCommand;
  /** Reads what the command left. Absent: the framework reports nothing, and the exit code decides alone. */
  read?(written: WrittenReport): Promise<TestReport>;
  /** Set where the report is written line by line as tests end, as `streamed-report.ts` describes: it can be followed live. */
  readonly isStreamed?: true;
  /** Why a streamed report is missing, where the command's output says so in a way that only those who know the framework can read. */
  explainMissing?(logFile: string): Promise<string | undefined>;
  /** Set where a streamed report comes to an end with each file: its last line does not say that all is over. */
  readonly endsPerFile?: true;
  /** Absent where the framework cannot list its tests. */
  readonly list?: TestLister;
  /** Absent where the framework cannot list its test files or run a choice of them (`PrepareOptions.files`). */
  readonly files?: FileLister;
}
