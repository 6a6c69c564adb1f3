import { pathToFileURL } from "node:url";
import type { Command } from "@netra-apex/core";
import { findOutput } from "../find-output.ts";
import { reporterFile } from "../reporter-file.ts";
import { FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, toWords } from "./argument-list.ts";
import { namePattern, selectedFiles } from "./name-pattern.ts";
import { type NodeTestArguments, parseNodeTestArguments } from "./node-test-arguments.ts";
import { callCommand, findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * Node's own test runner.
 *
 * A test that `t.test` made inside another test cannot be selected alone: Node skips the outer one, whose name does not
 * match, and a pattern that let it through would run all of a suite of the same name. Zero tests then run, which fails.
 */
export const nodeTestAdapter: TestFrameworkAdapter = {
  name: "node:test",
  isStreamed: true,
  matches: (command) => findCall(command) !== undefined,
  prepare({ command, reportFile, selectors, shard, coverage }) {
    const call = findCall(command);
    if (!call) throw new FrameworkUnreachableError("node:test", whyNotFound(command, "node --test"), "node --test");
    const replaced = new Set([
      ...reporterOptions,
      ...(selectors.length > 0 ? choosingOptions : []),
      ...(shard ? ["--test-shard"] : []),
      ...(coverage === undefined ? [] : ["--experimental-test-coverage"]),
    ]);
    const isKept = ({ option = "" }: Argument): boolean => !replaced.has(option);
    const pattern = selectors.length > 0 ? namePattern(selectors, " ") : undefined;
    const files = selectors.length > 0 ? selectedFiles(selectors) : undefined;
    const prepared = callCommand({
      launch: call.launch,
      args: [
        ...toWords(call.before.filter((argument) => isKept(argument))),
        "--test",
        ...reporterWords([...call.before, ...call.after]),
        ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]),
        ...(shard ? [`--test-shard=${shard.index}/${shard.total}`] : []),
        ...(coverage === true ? ["--experimental-test-coverage"] : []),
        ...toWords(call.after.filter((argument) => isKept(argument))),
        ...(files ?? call.files),
      ],
    });
    return { command: prepared, env: { APEX_REPORT_FILE: reportFile } };
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  async explainMissing(logFile) {
    const [literalPattern] = await findOutput(logFile, [[patternNotFound]]);
    return (
      literalPattern &&
      "the command found a node older than version 21 (see node --version), which takes a pattern for the name of a file"
    );
  },
};

/** What Node says before it knew patterns (21.0); since then it misses only names without any wildcard. */
const patternNotFound = /^Could not find '.*[*?[{].*'$/;

const reporterOptions = ["--test-reporter", "--test-reporter-destination"];

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = [
  "--test-name-pattern",
  "--test-skip-pattern",
  "--test-only",
  "--test-shard",
  "--test-rerun-failures",
  "--experimental-test-tag-filter",
];

function findCall(command: Command): (NodeTestArguments & Pick<ProgramCall, "launch">) | undefined {
  const call = findProgram(command, "node");
  const args = call && parseNodeTestArguments(call.args);
  return args && { ...args, launch: call.launch };
}

/** Node pairs reporters and destinations by their order; ours come last in both. A lone reporter may have no destination, two may not. */
function reporterWords(options: readonly Argument[]): string[] {
  const valuesOf = (name: string): string[] =>
    options.filter(({ option }) => option === name).map(({ value = "" }) => value);
  const named = valuesOf("--test-reporter");
  const reporters = named.length === 0 ? ["spec"] : named;
  const destinations = valuesOf("--test-reporter-destination");
  if (reporters.length === 1 && destinations.length === 0) destinations.push("stdout");
  // A path would be taken for a URL's on Windows. Nothing goes to our destination.
  const own = pathToFileURL(reporterFile("node-test.mjs")).href;
  return [
    ...[...reporters, own].map((reporter) => `--test-reporter=${reporter}`),
    ...[...destinations, "stderr"].map((destination) => `--test-reporter-destination=${destination}`),
  ];
}
