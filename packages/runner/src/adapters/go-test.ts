import type { Command } from "@netra-apex/core";
import { reporterFile } from "../reporter-file.ts";
import { FrameworkCannotError, FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, toWords } from "./argument-list.ts";
import { goFlagName, parseGoTestArguments, selectGoTests } from "./go-test-arguments.ts";
import { listStreamed } from "./listed-tests.ts";
import { findProgram, type ProgramCall, whyNotFound } from "./program-call.ts";
import { readStreamedReport } from "./streamed-report.ts";
import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * `go test`, whose `-json` events go to stdout, where they would drown the log. So a small program of ours runs it
 * (`reporters/go-test/`): the log gets what `go test -v` prints, the report gets each test as it ends.
 */
export const goTestAdapter: TestFrameworkAdapter = {
  name: "go test",
  matches: (command) => findGoTest(command) !== undefined,
  isStreamed: true,
  prepare({ command, reportFile, cwd, selectors, shard, coverage }) {
    const call = findCall(command);
    if (shard)
      throw new FrameworkCannotError("go test", "run one shard of its tests", "split the category by packages");
    const { args, rest } = parseGoTestArguments(call.args);
    const isJson = args.some(({ option = "" }) => goFlagName(option) === "json");
    const chosen = selectors.length === 0 ? args : selectTests(args, selectGoTests(selectors, cwd));
    const flags = coverage === undefined ? [] : [`-cover=${coverage}`];
    const kept = coverage === false ? chosen.filter((argument) => !isFlag(argument, coverageFlags)) : chosen;
    return wrap(call, reportFile, isJson ? "raw" : "run", ["-json", ...flags, ...toWords(kept), ...rest]);
  },
  read: ({ reportFile, cwd }) => readStreamedReport(reportFile, cwd),
  list: {
    prepare({ command, reportFile, shard }) {
      const call = findCall(command);
      if (shard) throw new FrameworkCannotError("go test", "list one shard of its tests");
      const { args, rest } = parseGoTestArguments(call.args);
      const run = args.findLast((argument) => isFlag(argument, runFlag))?.value?.split("/", 1)[0];
      return wrap(call, reportFile, "list", ["-json", `-list=${run || "."}`, ...toWords(args), ...rest]);
    },
    read: ({ reportFile, cwd }) => listStreamed("go test", reportFile, cwd),
  },
};

const runFlag = new Set(["run"]);

/** Flags that choose tests in their own way and would take some of the selected ones out again. */
const choosingFlags = new Set(["run", "skip", "list"]);

/** Each of them switches coverage on. */
const coverageFlags = new Set(["cover", "covermode", "coverpkg", "coverprofile"]);

function isFlag({ option }: Argument, names: ReadonlySet<string>): boolean {
  return option !== undefined && names.has(goFlagName(option));
}

function findGoTest(command: Command): ProgramCall | undefined {
  const call = findProgram(command, "go");
  return call?.args[0] === "test" ? { launch: [...call.launch, "test"], args: call.args.slice(1) } : undefined;
}

function findCall(command: Command): ProgramCall {
  const call = findGoTest(command);
  if (!call) throw new FrameworkUnreachableError("go test", whyNotFound(command, "go test"), "go test ./...");
  return call;
}

function selectTests(args: readonly Argument[], { packages, run }: ReturnType<typeof selectGoTests>): Argument[] {
  const kept = args.filter((argument) =>
    argument.option === undefined ? packages === undefined : !isFlag(argument, choosingFlags),
  );
  const words = [...(run === undefined ? [] : [`-run=${run}`]), ...(packages ?? [])];
  return [...kept, ...words.map((word) => ({ words: [word] }))];
}

/** Runs the command by our program, on the Node that runs apex. */
function wrap(
  { launch }: ProgramCall,
  reportFile: string,
  mode: "run" | "raw" | "list",
  args: readonly string[],
): { command: Command } {
  const program = reporterFile("go-test/run-go-test.mjs");
  return {
    command: { kind: "argv", file: process.execPath, args: [program, reportFile, mode, ...launch, ...args] },
  };
}
