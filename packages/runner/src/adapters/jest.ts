import { readFile } from "node:fs/promises";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type Command, describeThrown, type TestSelector } from "@netra-apex/core";
import * as z from "zod/mini";
import { reporterFile } from "../reporter-file.ts";
import { ListFailedError } from "./adapter-errors.ts";
import { type Argument, toArguments, toWords, withoutOptions } from "./argument-list.ts";
import { findJest } from "./jest-arguments.ts";
import { namePattern, selectedFiles } from "./name-pattern.ts";
import { callCommand, findProgram } from "./program-call.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { FileLister, TestFrameworkAdapter, TestLister } from "./test-framework-adapter.ts";

/** `jest --listTests`, which knows files only. */
const jestLister: TestLister = {
  prepare({ command, shard }) {
    const { call, args, rest } = findJest(command);
    const kept = withoutOptions(args, new Set(["json", "outputFile", ...(shard ? ["shard"] : [])]));
    const shardWords = shard ? [`--shard=${shard.index}/${shard.total}`] : [];
    return {
      command: callCommand({ ...call, args: [...toWords(kept), ...shardWords, "--listTests", "--json", ...rest] }),
    };
  },
  read: async (written) => ({ of: "files", ids: await listedFiles(written) }),
};

/** Files that a command itself asks for are listed as those, and then asked for by their paths. */
const jestFiles: FileLister = {
  prepare: (options) => jestLister.prepare({ ...options, command: withoutShard(options.command), shard: undefined }),
  read: async (written) => ({ files: await listedFiles(written) }),
  selects: "exactly",
};

function withoutShard(command: Command): Command {
  const { call, args, rest } = findJest(command);
  return callCommand({ ...call, args: [...toWords(withoutOptions(args, new Set(["shard"]))), ...rest] });
}

async function listedFiles({ logFile, cwd }: Parameters<TestLister["read"]>[0]): Promise<string[]> {
  try {
    const lines = stripVTControlCharacters(await readFile(logFile, "utf8")).split("\n");
    // Launchers may write around it.
    const line = lines.findLast((text) => text.startsWith("[") && text.trimEnd().endsWith("]")) ?? "";
    const files = z.array(z.string()).parse(JSON.parse(line));
    return files.map((file) => path.relative(cwd, file).replaceAll(path.sep, "/"));
  } catch (error) {
    throw new ListFailedError("jest", describeThrown(error));
  }
}

/** Jest from version 27 on. */
export const jestAdapter: TestFrameworkAdapter = {
  name: "jest",
  isStreamed: true,
  matches: (command) => findProgram(command, "jest") !== undefined,
  prepare({ command, reportFile, cwd, selectors, allowNoTests, shard, files, coverage }) {
    const { call, args, rest } = findJest(command);
    const replaced = [...(shard ? ["shard"] : []), ...(coverage === undefined ? [] : ["coverage", "collectCoverage"])];
    const kept = withoutOptions(args, new Set(replaced));
    const isNamed = kept.some(({ option }) => option === "--reporters");
    const own = `--reporters=${reporterFile("jest.cjs")}`;
    const words = [
      ...toWords(
        files ? onlyFiles(kept, files, cwd) : selectors.length === 0 ? kept : selectTests(kept, selectors, cwd),
      ),
      ...(shard ? [`--shard=${shard.index}/${shard.total}`] : []),
      ...(coverage === undefined ? [] : [`--coverage=${coverage}`]),
      ...(allowNoTests ? ["--passWithNoTests"] : []),
      ...(isNamed ? [own] : ["--reporters=default", own]),
    ];
    const patterns = files || (selectors.length > 0 && selectedFiles(selectors) !== undefined) ? [] : rest;
    return { command: callCommand({ ...call, args: [...words, ...patterns] }), env: { APEX_REPORT_FILE: reportFile } };
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  list: jestLister,
  files: jestFiles,
};

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = new Set(
  `t testNamePattern testPathPattern testPathPatterns runTestsByPath findRelatedTests changedFilesWithAncestor changedSince
  onlyChanged o lastCommit onlyFailures f shard`.split(/\s+/),
);

/** Options that choose files; those that the command chose have been listed. */
const fileOptions = new Set([...choosingOptions].filter((name) => name !== "t" && name !== "testNamePattern"));

function onlyFiles(args: readonly Argument[], files: readonly string[], cwd: string): Argument[] {
  const kept = withoutOptions(args, fileOptions).filter(({ option }) => option !== undefined);
  return [...toArguments(files.map((file) => path.resolve(cwd, file))), ...toArguments(["--runTestsByPath"]), ...kept];
}

/** Jest matches `-t` against suites and title joined by spaces. Files go first: most options take any number of words. */
function selectTests(args: readonly Argument[], selectors: readonly TestSelector[], cwd: string): Argument[] {
  const files = selectedFiles(selectors);
  const kept = withoutOptions(args, choosingOptions);
  const pattern = namePattern(selectors, " ");
  return [
    ...(files ? toArguments(files.map((file) => path.resolve(cwd, file))) : []),
    ...(files ? toArguments(["--runTestsByPath"]) : []),
    ...(files ? kept.filter(({ option }) => option !== undefined) : kept),
    ...(pattern === undefined ? [] : toArguments([`--testNamePattern=${pattern}`])),
  ];
}
