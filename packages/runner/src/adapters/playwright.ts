import path from "node:path";
import type { TestSelector } from "@netra-apex/core";
import { reporterFile } from "../reporter-file.ts";
import { FrameworkCannotError } from "./adapter-errors.ts";
import { type Argument, toArguments, toWords, withoutOptions } from "./argument-list.ts";
import { escapePattern, selectedFiles } from "./name-pattern.ts";
import { findPlaywright, type PlaywrightCall, requirePlaywright } from "./playwright-arguments.ts";
import { callCommand } from "./program-call.ts";
import { readStreamedList } from "./streamed-list.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { PreparedCommand, PrepareOptions, TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * Playwright's test runner. Our reporter comes to it by the variable `PW_TEST_REPORTER`, which adds one to those of the config
 * and of the command line; `--reporter` would switch the config's off, and `--add-reporter` is not in all versions.
 * Its projects are the outermost suites of the results.
 */
export const playwrightAdapter: TestFrameworkAdapter = {
  name: "playwright",
  isStreamed: true,
  matches: (command) => findPlaywright(command) !== undefined,
  prepare(options) {
    const { selectors, cwd, allowNoTests, shard, coverage } = options;
    if (coverage === true)
      throw new FrameworkCannotError(
        "playwright",
        "measure coverage by itself",
        "collect it in the tests (page.coverage)",
      );
    const found = requirePlaywright(options.command);
    const kept = withoutOptions(found.args, new Set(shard ? ["shard"] : []));
    const args = selectors.length === 0 ? kept : selectTests(kept, selectors, cwd);
    const rest = selectors.length > 0 && selectedFiles(selectors) !== undefined ? [] : found.rest;
    const added = [...shardWords(shard), ...(allowNoTests ? ["--pass-with-no-tests"] : [])];
    return playwrightCommand(found, [...toWords(args), ...added, ...rest], options.reportFile);
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  list: {
    prepare({ command, reportFile, shard }) {
      const found = requirePlaywright(command);
      const kept = withoutOptions(found.args, new Set(["reporter", ...(shard ? ["shard"] : [])]));
      const words = [...toWords(kept), ...shardWords(shard), "--list", "--reporter=line", ...found.rest];
      const { command: listing, env } = playwrightCommand(found, words, reportFile);
      return { command: listing, env: { ...env, APEX_LIST_TESTS: "1" } };
    },
    read: ({ reportFile, cwd }) => readStreamedList("playwright", reportFile, cwd),
  },
};

function playwrightCommand({ call }: PlaywrightCall, words: readonly string[], reportFile: string): PreparedCommand {
  return {
    command: callCommand({ ...call, args: ["test", ...words] }),
    env: { APEX_REPORT_FILE: reportFile, PW_TEST_REPORTER: reporterFile("playwright.cjs") },
  };
}

function shardWords(shard: PrepareOptions["shard"]): string[] {
  return shard ? [`--shard=${shard.index}/${shard.total}`] : [];
}

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = new Set([
  "g",
  "grep",
  "G",
  "grepInvert",
  "lastFailed",
  "onlyChanged",
  "shard",
  "testList",
  "testListInvert",
]);

/** Files are regular expressions, matched against absolute paths. */
function selectTests(args: readonly Argument[], selectors: readonly TestSelector[], cwd: string): Argument[] {
  const files = selectedFiles(selectors);
  const kept = withoutOptions(args, choosingOptions);
  const pattern = grepPattern(selectors);
  return [
    // First, because a list of projects goes on up to the next option.
    ...toArguments((files ?? []).map((file) => `${escapePattern(path.resolve(cwd, file))}$`)),
    ...kept.filter(({ option }) => files === undefined || option !== undefined),
    ...(pattern === undefined ? [] : toArguments([`--grep=${pattern}`])),
  ];
}

/** Linux takes no argument longer than 128 KiB; beyond this the selected files are run whole. */
const longestPattern = 100_000;

/**
 * Playwright matches `--grep` against project, file, suites and title joined by spaces, tags after each. The file is relative to
 * a directory that only its config knows, and the first suite may be a project.
 */
function grepPattern(selectors: readonly TestSelector[]): string | undefined {
  if (selectors.some((selector) => selector.path.length === 0)) return undefined;
  const alternatives = selectors.flatMap(({ file, path: titles }) => {
    const place = file === "" ? String.raw`\S+` : escapePattern(path.basename(file));
    const words = titles.map((title) => escapePattern(title));
    const inFile = [String.raw`(?:^|.*[ /\\])${place}`, ...words].join(tags);
    if (words.length === 1) return [inFile];
    const [project = "", ...inner] = words;
    return [inFile, [String.raw`^ ?${project} (?:\S*[/\\])?${place}`, ...inner].join(tags)];
  });
  const pattern = `(?:${[...new Set(alternatives)].join("|")})${trailingTags}$`;
  return pattern.length > longestPattern ? undefined : pattern;
}

const tags = String.raw`(?: @\S+)* `;
const trailingTags = String.raw`(?: @\S+)*`;
