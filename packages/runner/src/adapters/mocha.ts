import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Command, describeThrown, type TestSelector } from "@netra-apex/core";
import * as z from "zod/mini";
import { reporterFile } from "../reporter-file.ts";
import { FrameworkCannotError, FrameworkUnreachableError, ListFailedError } from "./adapter-errors.ts";
import { type Argument, optionName, parseArguments, toArguments, toWords, withoutOptions } from "./argument-list.ts";
import { namePattern, selectedFiles } from "./name-pattern.ts";
import { callCommand, findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";
import { readStreamedList } from "./streamed-list.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";

/** Mocha, which takes one reporter: the user's runs inside ours. */
export const mochaAdapter: TestFrameworkAdapter = {
  name: "mocha",
  isStreamed: true,
  matches: (command) => findProgram(command, "mocha") !== undefined,
  prepare({ command, reportFile, cwd, selectors, shard, files: own, coverage }) {
    if (shard)
      throw new FrameworkCannotError(
        "mocha",
        "run one shard of its tests",
        "make a category of each part of its files",
      );
    if (coverage === true)
      throw new FrameworkCannotError(
        "mocha",
        "measure coverage by itself",
        'write the command with a tool that does ("c8 mocha")',
      );
    const { call, args, rest } = findMocha(command);
    const chosen = own ? onlyFiles(args, own, cwd) : selectors.length === 0 ? args : selectTests(args, selectors, cwd);
    const named = args.findLast(({ option }) => option !== undefined && reporterOptions.has(optionName(option)));
    const files = !own && (selectors.length === 0 || selectedFiles(selectors) === undefined) ? rest : [];
    return {
      command: callCommand({ ...call, args: [...toWords(withReporter(chosen)), ...files] }),
      env: {
        APEX_REPORT_FILE: reportFile,
        ...(named?.value === undefined ? {} : { APEX_MOCHA_REPORTER: named.value }),
      },
    };
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  list: {
    prepare({ command, reportFile, shard }) {
      if (shard) throw new FrameworkCannotError("mocha", "list one shard of its tests");
      // The user's own reporter may write a file.
      return { command: dryRun(command), env: { APEX_REPORT_FILE: reportFile, APEX_MOCHA_REPORTER: "dot" } };
    },
    read: ({ reportFile, cwd }) => readStreamedList("mocha", reportFile, cwd),
  },
  files: {
    prepare: ({ command, reportFile }) => ({
      command: dryRun(command),
      env: { APEX_MOCHA_FILES: reportFile, APEX_REPORT_FILE: `${reportFile}.dry`, APEX_MOCHA_REPORTER: "dot" },
    }),
    async read({ reportFile, cwd }) {
      try {
        const schema = z.object({ loaded: z.array(z.string()), withTests: z.array(z.string()) });
        const { loaded, withTests } = schema.parse(JSON.parse(await readFile(reportFile, "utf8")));
        const relative = (file: string): string => path.relative(cwd, file).replaceAll(path.sep, "/");
        const files = new Set(withTests.map((file) => relative(file)));
        const others = loaded.map((file) => relative(path.resolve(cwd, file))).filter((file) => !files.has(file));
        return { files: [...files], everywhere: [...new Set(others)] };
      } catch (error) {
        throw new ListFailedError("mocha", describeThrown(error));
      }
    },
    selects: "exactly",
    isOnlyWay: true,
  },
};

/** Loads all files and runs none of their tests. */
function dryRun(command: Command): Command {
  const { call, args, rest } = findMocha(command);
  const kept = withReporter(withoutOptions(args, new Set(["parallel", "p", "jobs", "j"])));
  return callCommand({ ...call, args: [...toWords(kept), "--dry-run", ...rest] });
}

const reporterOptions = new Set(["R", "reporter"]);

/** Mocha's options that take a value (`lib/cli/run-option-metadata`, 12.0), without dashes. */
const valueOptions = new Set(
  `extension file global globals ignore exclude nodeOption n reporterOption reporterOptions O require r spec watchFiles
  watchIgnore retries jobs j config fgrep f grep g package reporter R ui u slow s timeout t timeouts`.split(/\s+/),
);

function findMocha(command: Command): { call: ProgramCall; args: Argument[]; rest: string[] } {
  const call = findProgram(command, "mocha");
  if (!call) throw new FrameworkUnreachableError("mocha", whyNotFound(command, "mocha"), "mocha");
  return { call, ...parseArguments(call.args, (option) => valueOptions.has(optionName(option))) };
}

function withReporter(args: readonly Argument[]): Argument[] {
  return [...withoutOptions(args, reporterOptions), ...toArguments([`--reporter=${reporterFile("mocha.cjs")}`])];
}

/** Replaces the files; what the command's own words found has been listed. `spec` of a config file adds its own all the same. */
function onlyFiles(args: readonly Argument[], files: readonly string[], cwd: string): Argument[] {
  const others = args.filter(({ option }) => option !== undefined && optionName(option) !== "spec");
  return [...others, ...toArguments(files.map((file) => path.resolve(cwd, file)))];
}

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = new Set(["f", "fgrep", "g", "grep", "i", "invert"]);

/** Mocha matches `--grep` against suites and title joined by spaces. `spec` of a config file adds to the files of the command line. */
function selectTests(args: readonly Argument[], selectors: readonly TestSelector[], cwd: string): Argument[] {
  const files = selectedFiles(selectors);
  const kept = withoutOptions(args, choosingOptions);
  const pattern = namePattern(selectors, " ");
  const others = kept.filter(({ option }) => option !== undefined && optionName(option) !== "spec");
  return [
    ...(files ? [...others, ...toArguments(files.map((file) => path.resolve(cwd, file)))] : kept),
    ...(pattern === undefined ? [] : toArguments([`--grep=${pattern}`])),
  ];
}
