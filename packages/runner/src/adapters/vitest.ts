import path from "node:path";
import type { TestSelector } from "@netra-apex/core";
import { FrameworkUnreachableError, ReporterTakenError } from "./adapter-errors.ts";
import { type Argument, parseArguments, toWords } from "./argument-list.ts";
import { namePattern, selectedFiles } from "./name-pattern.ts";
import { callCommand, findProgram, whyNotFound } from "./program-call.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";
import { takesVitestValue, vitestOptionName } from "./vitest-arguments.ts";
import { readVitestReport } from "./vitest-report.ts";

/**
 * Vitest, read through its JSON report.
 *
 * Not through its JUnit report, because JSON keeps suites and titles apart (JUnit joins them by " > ", which titles may
 * contain), tells todo from skipped, shows that a test passed only on a retry, and is rarely asked for by users'
 * own configs, whose `outputFile` would win over ours. What only JUnit has, unhandled errors and the text of a failing
 * suite hook, still fails the category: through the exit code, and through the file's status.
 */
export const vitestAdapter: TestFrameworkAdapter = {
  name: "vitest",
  matches: (command) => findProgram(command, "vitest") !== undefined,
  prepare({ command, reportFile, cwd, selectors, allowNoTests, shard }) {
    const call = findProgram(command, "vitest");
    if (!call) throw new FrameworkUnreachableError("vitest", whyNotFound(command, "vitest"), "vitest run");
    const { args, rest } = parseArguments(call.args, takesVitestValue);
    const chosen = selectors.length === 0 ? args : selectTests(args, selectors, cwd);
    const part = shard ? [`--shard=${shard.index}/${shard.total}`] : [];
    const noTests = allowNoTests ? ["--passWithNoTests"] : [];
    const prepared = callCommand({
      ...call,
      args: [...toWords(addReporter(chosen)), `--outputFile.json=${reportFile}`, ...part, ...noTests, ...rest],
    });
    return { command: prepared };
  },
  read: ({ reportFile, cwd }) => readVitestReport(reportFile, cwd),
};

const subcommands = new Set(["run", "watch", "dev", "related", "bench"]);

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = new Set([
  "t",
  "testNamePattern",
  "shard",
  "changed",
  "lastFailed",
  "sinceLastRun",
  "tagsFilter",
]);

/**
 * Replaces file filters and name patterns. Vitest matches `-t` against suites and title joined by " > " since version 4 and
 * by a space before. A name selected in one file also runs in the other selected files that have it.
 */
function selectTests(args: readonly Argument[], selectors: readonly TestSelector[], cwd: string): Argument[] {
  const first = args.findIndex(({ option }) => option === undefined);
  const subcommand = args[first]?.words[0];
  const hasSubcommand = subcommand !== undefined && subcommands.has(subcommand);
  // Its arguments are sources, not tests.
  const isRelated = subcommand === "related";
  const files = selectedFiles(selectors);
  const isKept = ({ option }: Argument, index: number): boolean =>
    option === undefined
      ? files === undefined && !isRelated && !(hasSubcommand && index === first)
      : !choosingOptions.has(vitestOptionName(option));
  const pattern = namePattern(selectors, "(?: >)? ");
  return [
    { words: [hasSubcommand && !isRelated ? subcommand : "run"] },
    ...args.filter(isKept),
    ...(files ?? []).map((file) => ({ words: [path.resolve(cwd, file)] })),
    ...(pattern === undefined ? [] : [{ option: "-t", value: pattern, words: ["-t", pattern] }]),
  ];
}

/**
 * Adds the JSON reporter to those that the command line names; without any, to the default one, because naming one switches
 * off those of the config. One `--outputFile` for all reporters becomes one for each, so that ours can have its own.
 */
function addReporter(args: readonly Argument[]): Argument[] {
  const isReporter = ({ option }: Argument): boolean => option === "--reporter" || option === "--reporters";
  const named = args.filter((argument) => isReporter(argument)).map(({ value = "" }) => value);
  if (named.includes("json")) throw new ReporterTakenError("vitest", "json");
  const own = args.flatMap((argument) => {
    if (argument.option === undefined || vitestOptionName(argument.option) !== "outputFile") return [argument];
    return named.map((reporter) => ({ words: [`--outputFile.${reporter}=${argument.value ?? ""}`] }));
  });
  const added = named.length === 0 ? ["--reporter=default", "--reporter=json"] : ["--reporter=json"];
  return [...own, ...added.map((word) => ({ words: [word] }))];
}
