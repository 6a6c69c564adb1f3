import type { Command } from "@netra-apex/core";
import { FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, toWords } from "./argument-list.ts";
import { namePattern, selectedFiles } from "./name-pattern.ts";
import { type NodeTestArguments, parseNodeTestArguments } from "./node-test-arguments.ts";
import { readNodeTestReport } from "./node-test-report.ts";
import { callCommand, findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * Node's own test runner, read through its JUnit report, which Node writes when all tests have ended. The report leaves out
 * what fails in a suite's `after` hook or in a test around subtests; the exit code still tells.
 *
 * A test that `t.test` made inside another test cannot be selected alone: Node skips the outer one, whose name does not
 * match, and a pattern that let it through would run all of a suite of the same name. Zero tests then run, which fails.
 */
export const nodeTestAdapter: TestFrameworkAdapter = {
  name: "node:test",
  matches: (command) => findCall(command) !== undefined,
  prepare({ command, reportFile, selectors, shard }) {
    const call = findCall(command);
    if (!call) throw new FrameworkUnreachableError("node:test", whyNotFound(command, "node --test"), "node --test");
    const isSelecting = selectors.length > 0;
    const isKept = ({ option = "" }: Argument): boolean =>
      !reporterOptions.has(option) && !(isSelecting && choosingOptions.has(option));
    const pattern = isSelecting ? namePattern(selectors, " ") : undefined;
    const files = isSelecting ? selectedFiles(selectors) : undefined;
    const prepared = callCommand({
      launch: call.launch,
      args: [
        ...toWords(call.before.filter((argument) => isKept(argument))),
        "--test",
        ...reporterWords([...call.before, ...call.after], reportFile),
        ...(shard ? [`--test-shard=${shard.index}/${shard.total}`] : []),
        ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]),
        ...toWords(call.after.filter((argument) => isKept(argument))),
        ...(files ?? call.files),
      ],
    });
    return { command: prepared };
  },
  read: ({ reportFile, cwd }) => readNodeTestReport(reportFile, cwd),
};

const reporterOptions = new Set(["--test-reporter", "--test-reporter-destination"]);

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = new Set([
  "--test-name-pattern",
  "--test-skip-pattern",
  "--test-only",
  "--test-shard",
  "--test-rerun-failures",
  "--experimental-test-tag-filter",
]);

function findCall(command: Command): (NodeTestArguments & Pick<ProgramCall, "launch">) | undefined {
  const call = findProgram(command, "node");
  const args = call && parseNodeTestArguments(call.args);
  return args && { ...args, launch: call.launch };
}

/** Node pairs reporters and destinations by their order; ours come last in both. A lone reporter may have no destination, two may not. */
function reporterWords(options: readonly Argument[], reportFile: string): string[] {
  const valuesOf = (name: string): string[] =>
    options.filter(({ option }) => option === name).map(({ value = "" }) => value);
  const named = valuesOf("--test-reporter");
  const reporters = named.length === 0 ? ["spec"] : named;
  const destinations = valuesOf("--test-reporter-destination");
  if (reporters.length === 1 && destinations.length === 0) destinations.push("stdout");
  return [
    ...[...reporters, "junit"].map((reporter) => `--test-reporter=${reporter}`),
    ...[...destinations, reportFile].map((destination) => `--test-reporter-destination=${destination}`),
  ];
}
