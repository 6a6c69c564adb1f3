import path from "node:path";
import type { Command, TestSelector } from "@netra-apex/core";
import { reporterFile } from "../reporter-file.ts";
import { FrameworkCannotError, FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, optionName, parseArguments, toArguments, toWords, withoutOptions } from "./argument-list.ts";
import { selectedFiles } from "./name-pattern.ts";
import { callCommand, findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * Cypress, which takes one reporter of mocha's kind and makes one for every spec file: the user's runs inside ours.
 * One that only its config names is replaced by mocha's "spec".
 */
export const cypressAdapter: TestFrameworkAdapter = {
  name: "cypress",
  isStreamed: true,
  endsPerFile: true,
  matches: (command) => findCypress(command) !== undefined,
  prepare({ command, reportFile, cwd, selectors, shard, coverage }) {
    if (shard)
      throw new FrameworkCannotError(
        "cypress",
        "run one shard of its tests",
        "make a category of each part of its specs",
      );
    if (coverage === true)
      throw new FrameworkCannotError(
        "cypress",
        "measure coverage by itself",
        "@cypress/code-coverage does, set up in its config",
      );
    const found = findCypress(command);
    if (!found) throw new FrameworkUnreachableError("cypress", whyNotFound(command, "cypress run"), "cypress run");
    const { call, args, rest } = found;
    const valueOf = (...names: string[]): string | undefined =>
      args.findLast(({ option }) => option !== undefined && names.includes(optionName(option)))?.value;
    const words = [
      ...toWords(withoutOptions(selectors.length === 0 ? args : selectSpecs(args, selectors), reporterOptions)),
      "--reporter",
      reporterFile("mocha.cjs"),
      ...rest,
    ];
    const delegate = delegateReporter(valueOf("reporter", "r"));
    return {
      command: callCommand({ ...call, args: ["run", ...words] }),
      env: {
        APEX_REPORT_FILE: reportFile,
        APEX_CYPRESS_PROJECT: path.resolve(cwd, valueOf("project", "P") ?? ""),
        ...(delegate === undefined ? {} : { APEX_MOCHA_REPORTER: delegate }),
      },
    };
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
};

const reporterOptions = new Set(["r", "reporter"]);

/** Options of `cypress run` that take a value (`--help`, 15.3), without dashes. */
const valueOptions = new Set(
  `autoCancelAfterFailures b browser ciBuildId c config C configFile e env group k key p port P project r reporter o
  reporterOptions runnerUi s spec t tag`.split(/\s+/),
);

function findCypress(command: Command): { call: ProgramCall; args: Argument[]; rest: string[] } | undefined {
  const call = findProgram(command, "cypress");
  if (call?.args[0] !== "run") return undefined;
  return { call, ...parseArguments(call.args.slice(1), (option) => valueOptions.has(optionName(option))) };
}

function selectSpecs(args: readonly Argument[], selectors: readonly TestSelector[]): Argument[] {
  const files = selectedFiles(selectors);
  if (files === undefined || selectors.some((selector) => selector.path.length > 0)) {
    const hint = "select whole spec files";
    throw new FrameworkCannotError("cypress", "run single tests of a spec file", hint);
  }
  return [...withoutOptions(args, new Set(["s", "spec"])), ...toArguments(["--spec", files.join(",")])];
}

/** These two are inside Cypress' own program, where no other reporter can reach them. */
function delegateReporter(named: string | undefined): string | undefined {
  if (named !== "junit" && named !== "teamcity") return named;
  const hint = `install mocha-${named}-reporter and name that: "--reporter mocha-${named}-reporter"`;
  throw new FrameworkCannotError("cypress", `use its built-in "${named}" reporter beside the one of apex`, hint);
}
