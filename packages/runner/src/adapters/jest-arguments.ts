import type { Command } from "@netra-apex/core";
import { FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, optionName, parseArguments, type TakesValue, withLists } from "./argument-list.ts";
import { findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";

/** Jest's options that take a value (`jest --help`, 30.5), without dashes. */
const valueOptions = new Set(
  `cacheDirectory changedSince collectCoverageFrom config c coverageDirectory coverageProvider coverageThreshold filter
  globalSetup globalTeardown globals haste maxConcurrency maxWorkers w moduleNameMapper notifyMode openHandlesTimeout
  outputFile preset prettierPath resolver rootDir runner seed shard testEnvironment env testEnvironmentOptions
  testFailureExitCode testNamePattern t testPathPattern testResultsProcessor testRunner testSequencer testTimeout transform
  workerGracefulExitTimeout`.split(/\s+/),
);

/** Those that take every word up to the next option. */
const listOptions = new Set(
  `coveragePathIgnorePatterns coverageReporters ignoreProjects moduleDirectories moduleFileExtensions
  modulePathIgnorePatterns modulePaths projects reporters roots selectProjects setupFiles setupFilesAfterEnv
  snapshotSerializers testMatch testPathIgnorePatterns testPathPatterns testRegex transformIgnorePatterns
  unmockedModulePathPatterns watchPathIgnorePatterns`.split(/\s+/),
);

const takesJestValue: TakesValue = (option, next) => {
  const name = optionName(option);
  return (valueOptions.has(name) || listOptions.has(name)) && next !== undefined && !next.startsWith("-");
};

/** Jest's arguments in a command. Throws `FrameworkUnreachableError`. */
export function findJest(command: Command): { call: ProgramCall; args: Argument[]; rest: string[] } {
  const call = findProgram(command, "jest");
  if (!call) throw new FrameworkUnreachableError("jest", whyNotFound(command, "jest"), "jest");
  const { args, rest } = parseArguments(call.args, takesJestValue);
  return { call, args: withLists(args, (name) => listOptions.has(name)), rest };
}
