import path from "node:path";
import type { TestSelector } from "@netra-apex/core";
import { reporterFile } from "../reporter-file.ts";
import { FrameworkCannotError, FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, toWords } from "./argument-list.ts";
import { listStreamed } from "./listed-tests.ts";
import { selectedFiles } from "./name-pattern.ts";
import { callCommand, type ProgramCall, whyNotFound } from "./program-call.ts";
import { findPytest, ignoresPythonPath, pytestOptions } from "./pytest-arguments.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { PreparedCommand, PrepareOptions, TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * Pytest, through a plugin of ours that tells of each test when it has ended (`reporters/pytest/`): pytest's own JUnit report
 * is written at the end only, and has neither the tries of a test nor the line of its failure. The user's `--junitxml` stays
 * as it is. Python finds the plugin through `PYTHONPATH`.
 */
export const pytestAdapter: TestFrameworkAdapter = {
  name: "pytest",
  matches: (command) => findPytest(command) !== undefined,
  isStreamed: true,
  prepare(options) {
    const { cwd, selectors, shard, coverage, allowNoTests } = options;
    if (shard)
      throw new FrameworkCannotError(
        "pytest",
        "run one shard of its tests",
        "split the category by directories or markers",
      );
    const call = findCall(options);
    const args = selectors.length === 0 ? call.args : selectTests(call.args, selectors, cwd);
    return reportTo(options, { ...call, args }, [
      ...(coverage === undefined ? [] : [`--apex-coverage=${coverage ? "on" : "off"}`]),
      ...(allowNoTests ? ["--apex-allow-no-tests"] : []),
    ]);
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  list: {
    prepare(options) {
      if (options.shard) throw new FrameworkCannotError("pytest", "list one shard of its tests");
      return reportTo(options, findCall(options), ["--collect-only", "--quiet"]);
    },
    read: ({ reportFile, cwd }) => listStreamed("pytest", reportFile, cwd),
  },
};

function findCall({ command }: Pick<PrepareOptions, "command">): ProgramCall {
  const call = findPytest(command);
  if (!call) throw new FrameworkUnreachableError("pytest", whyNotFound(command, "pytest"), "python -m pytest");
  if (ignoresPythonPath(call))
    throw new FrameworkUnreachableError("pytest", "python -E and -I ignore PYTHONPATH", "python -m pytest");
  return call;
}

/** Ours come first: what follows a `--` would be a file. */
function reportTo(
  { reportFile, env }: Pick<PrepareOptions, "reportFile" | "env">,
  { launch, args }: ProgramCall,
  options: readonly string[] = [],
): PreparedCommand {
  const plugin = path.dirname(reporterFile("pytest/apex_pytest_reporter.py"));
  const own = (env?.["PYTHONPATH"] ?? process.env["PYTHONPATH"] ?? "").split(path.delimiter);
  return {
    command: callCommand({
      launch,
      args: ["-p", "apex_pytest_reporter", `--apex-report=${reportFile}`, ...options, ...args],
    }),
    env: { PYTHONPATH: [plugin, ...own].filter((entry) => entry !== "").join(path.delimiter) },
  };
}

/** Options that choose tests in their own way and would take some of the selected ones out again. */
const choosingOptions = new Set([
  "-k",
  "-m",
  "--lf",
  "--last-failed",
  "--sw",
  "--stepwise",
  "--sw-skip",
  "--stepwise-skip",
  "--deselect",
  "--splits",
  "--group",
]);

/** Node ids that together are longer than this might not fit on a command line: the selected files are then run whole. */
const longestNodeIds = 500_000;

/** Replaces the files to run by node ids. `-k` and `-m` are emptied, because the project's config may set them too. */
function selectTests(args: readonly string[], selectors: readonly TestSelector[], cwd: string): string[] {
  const files = selectedFiles(selectors);
  if (!files) throw new FrameworkCannotError("pytest", "select tests without knowing their file");
  const ids = [...new Set(selectors.map((selector) => nodeId(selector)))];
  const isLong = ids.reduce((length, id) => length + id.length + 1, 0) > longestNodeIds;
  const isKept = ({ option = "" }: Argument): boolean => !choosingOptions.has(/^-[km]/.exec(option)?.[0] ?? option);
  const kept = pytestOptions(args, cwd).filter((argument) => isKept(argument));
  return [...toWords(kept), "-k", "", "-m", "", ...(isLong ? files : ids)];
}

/** What concerns a file as a whole (it could not be collected) is reported under the file's name. */
function nodeId({ file, path: titles }: TestSelector): string {
  return titles.length === 1 && titles[0] === file ? file : [file, ...titles].join("::");
}
