import path from "node:path";
import type { TestSelector } from "@netra-apex/core";
import { reporterFile } from "../reporter-file.ts";
import { type Argument, optionName, toArguments, toWords, withoutOptions } from "./argument-list.ts";
import { namePattern, selectedFiles } from "./name-pattern.ts";
import { callCommand, findProgram } from "./program-call.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { PrepareOptions, TestFrameworkAdapter } from "./test-framework-adapter.ts";
import { findVitest, vitestSubcommands } from "./vitest-arguments.ts";
import { vitestFiles, vitestLister } from "./vitest-list.ts";

/** Vitest from version 3 on, whose reporters are told of each test as it ends. */
export const vitestAdapter: TestFrameworkAdapter = {
  name: "vitest",
  isStreamed: true,
  matches: (command) => findProgram(command, "vitest") !== undefined,
  prepare(options) {
    const { reportFile, selectors, files, allowNoTests, cwd } = options;
    const { call, args, rest } = findVitest(options.command);
    const chosen = files
      ? onlyFiles(args, files, cwd)
      : selectors.length === 0
        ? args
        : selectTests(args, selectors, cwd);
    const added = [...shardWords(options), ...coverageWords(options), ...(allowNoTests ? ["--passWithNoTests"] : [])];
    const kept = withoutOptions(chosen, replacedOptions(options));
    const command = callCommand({ ...call, args: [...toWords(addReporter(kept)), ...added, ...rest] });
    return { command, env: { APEX_REPORT_FILE: reportFile } };
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  list: vitestLister,
  files: vitestFiles,
};

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
  const hasSubcommand = subcommand !== undefined && vitestSubcommands.has(subcommand);
  // Its arguments are sources, not tests.
  const isRelated = subcommand === "related";
  const files = selectedFiles(selectors);
  const isKept = ({ option }: Argument, index: number): boolean =>
    option === undefined
      ? files === undefined && !isRelated && !(hasSubcommand && index === first)
      : !choosingOptions.has(optionName(option));
  const pattern = namePattern(selectors, "(?: >)? ");
  return [
    { words: [hasSubcommand && !isRelated ? subcommand : "run"] },
    ...args.filter(isKept),
    ...toArguments((files ?? []).map((file) => path.resolve(cwd, file))),
    ...(pattern === undefined ? [] : [{ option: "-t", value: pattern, words: ["-t", pattern] }]),
  ];
}

/** Replaces file filters; what the command's own ones found has been listed. */
function onlyFiles(args: readonly Argument[], files: readonly string[], cwd: string): Argument[] {
  const first = args.findIndex(({ option }) => option === undefined);
  const hasSubcommand = vitestSubcommands.has(args[first]?.words[0] ?? "");
  return [
    ...(hasSubcommand ? args.slice(first, first + 1) : toArguments(["run"])),
    ...args.filter(({ option }) => option !== undefined && optionName(option) !== "shard"),
    ...toArguments(files.map((file) => path.resolve(cwd, file))),
  ];
}

/** Adds our reporter to those that the command line names; without any, to the default one: naming one switches off the config's. */
function addReporter(args: readonly Argument[]): Argument[] {
  const isNamed = args.some(({ option }) => option === "--reporter" || option === "--reporters");
  const own = `--reporter=${reporterFile("vitest.mjs")}`;
  return [...args, ...toArguments(isNamed ? [own] : ["--reporter=default", own])];
}

function shardWords({ shard }: PrepareOptions): string[] {
  return shard ? [`--shard=${shard.index}/${shard.total}`] : [];
}

function coverageWords({ coverage }: PrepareOptions): string[] {
  return coverage === undefined ? [] : [`--coverage.enabled=${coverage}`];
}

/** What the command says about what apex was told. */
function replacedOptions({ shard, coverage }: PrepareOptions): ReadonlySet<string> {
  return new Set([...(shard ? ["shard"] : []), ...(coverage === undefined ? [] : ["coverage", "coverage.enabled"])]);
}
