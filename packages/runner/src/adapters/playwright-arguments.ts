import type { Command } from "@netra-apex/core";
import { FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, optionName, parseArguments, type TakesValue, withLists } from "./argument-list.ts";
import { findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";

/** Options of `playwright test` that take a value (`--help`, 1.65), without dashes; of some it may be left out. */
const valueOptions = new Set(
  `addReporter browser c config debug g grep G grepInvert globalTimeout j workers lastFailedFile maxFailures onlyChanged
  output project repeatEach reporter retries runAgents shard shuffle testList testListInvert timeout trace tsconfig u
  updateSnapshots uiHost uiPort updateSourceMethod`.split(/\s+/),
);

const takesValue: TakesValue = (option, next) =>
  valueOptions.has(optionName(option)) && next !== undefined && !next.startsWith("-");

/** The arguments of `playwright test`. */
export interface PlaywrightCall {
  readonly call: ProgramCall;
  /** What follows `test`. */
  readonly args: readonly Argument[];
  readonly rest: readonly string[];
}

/** The arguments of `playwright test` in a command; `undefined` when it is something else. */
export function findPlaywright(command: Command): PlaywrightCall | undefined {
  const found = findProgram(command, "playwright");
  if (found?.args[0] !== "test") return undefined;
  const { args, rest } = parseArguments(found.args.slice(1), takesValue);
  return { call: found, args: withLists(args, (name) => name === "project"), rest };
}

/** As {@link findPlaywright}. Throws `FrameworkUnreachableError`. */
export function requirePlaywright(command: Command): PlaywrightCall {
  const found = findPlaywright(command);
  if (found) return found;
  throw new FrameworkUnreachableError("playwright", whyNotFound(command, "playwright test"), "playwright test");
}
