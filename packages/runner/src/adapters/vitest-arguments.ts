import type { Command } from "@netra-apex/core";
import { FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, optionName, parseArguments, type TakesValue } from "./argument-list.ts";
import { findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";

/**
 * Vitest's options that take a value (`vitest run --help --expand-help`, 5.1), without dashes. Needed to tell file filters
 * from values; an option of a later version that is missing here matters only for selecting single tests.
 */
const valueOptions = new Set(
  `r root c config u update t testNamePattern dir api api.port api.host silent reporter reporters outputFile
  coverage.provider coverage.include coverage.exclude coverage.reportsDirectory coverage.reporter coverage.changed
  coverage.thresholds.perFile coverage.thresholds.autoUpdate coverage.thresholds.lines coverage.thresholds.functions
  coverage.thresholds.branches coverage.thresholds.statements coverage.ignoreClassMethods coverage.processingConcurrency
  coverage.customProviderModule coverage.watermarks.statements coverage.watermarks.lines coverage.watermarks.branches
  coverage.watermarks.functions coverage.htmlDir mode browser browser.name browser.detailsPanelPosition
  browser.connectTimeout browser.trace browser.traceView.mode browser.locators pool execArgv vmMemoryLimit maxWorkers
  minWorkers environment shard changed sequence sequence.seed sequence.hooks sequence.setupFiles inspect inspectBrk
  testTimeout hookTimeout bail retry retry.count retry.delay retry.condition repeats diff diff.aAnnotation diff.aIndicator
  diff.bAnnotation diff.bIndicator diff.commonIndicator diff.contextLines diff.emptyFirstOrLastLinePlaceholder
  diff.maxDepth diff.truncateThreshold diff.truncateAnnotation exclude typecheck.checker typecheck.tsconfig
  typecheck.spawnTimeout p project slowTestThreshold teardownTimeout maxConcurrency fsModuleCachePath
  expect.poll.interval expect.poll.timeout attachmentsDir configLoader mergeReports listTags tagsFilter experimental
  experimental.importDurations.print experimental.importDurations.limit experimental.importDurations.thresholds.warn
  experimental.importDurations.thresholds.danger experimental.vcsProvider`.split(/\s+/),
);

/** Vitest's parser takes the next word unless it begins with a dash. */
const takesVitestValue: TakesValue = (option, next) =>
  next !== undefined &&
  !next.startsWith("-") &&
  (valueOptions.has(optionName(option)) || option.startsWith("--outputFile."));

/** Vitest's arguments in a command. Throws `FrameworkUnreachableError`. */
export function findVitest(command: Command): { call: ProgramCall; args: Argument[]; rest: string[] } {
  const call = findProgram(command, "vitest");
  if (!call) throw new FrameworkUnreachableError("vitest", whyNotFound(command, "vitest"), "vitest run");
  return { call, ...parseArguments(call.args, takesVitestValue) };
}

/** What vitest reads as the name of a subcommand where it is the first word. */
export const vitestSubcommands: ReadonlySet<string> = new Set(["run", "watch", "dev", "related", "bench", "list"]);
