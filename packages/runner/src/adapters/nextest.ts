import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FrameworkCannotError, FrameworkUnreachableError } from "./adapter-errors.ts";
import { type Argument, toWords } from "./argument-list.ts";
import { nothingWritten } from "./junit-file.ts";
import { filterset, findNextest, listingArguments, parseNextestArguments } from "./nextest-arguments.ts";
import { ownJUnitFile, toolConfig } from "./nextest-config.ts";
import { readNextestList, readNextestReport } from "./nextest-report.ts";
import { callCommand, type ProgramCall, whyNotFound } from "./program-call.ts";
import { reportsNow, reportsSince } from "./report-files.ts";
import type { PrepareOptions, TestFrameworkAdapter } from "./test-framework-adapter.ts";

/**
 * cargo-nextest, through its JUnit report, which a `--tool-config-file` of ours asks for: its JSON on stdout is experimental,
 * and has no tries. Nextest writes the report at its end, also when it is asked to stop. Where the project's own config asks
 * for the report too, that one is read instead.
 */
export const nextestAdapter: TestFrameworkAdapter = {
  name: "cargo nextest",
  matches: (command) => findNextest(command) !== undefined,
  prepare(options) {
    const { reportFile, cwd, selectors, shard, coverage, allowNoTests } = options;
    const call = findCall(options);
    if (coverage !== undefined)
      throw new FrameworkCannotError(
        "cargo nextest",
        "measure coverage",
        'use "cargo llvm-cov nextest" for it, with "framework: junit"',
      );
    const { args, rest } = parseNextestArguments(call.args);
    const profile =
      valueOf(args, "--profile", "-P") ??
      options.env?.["NEXTEST_PROFILE"] ??
      process.env["NEXTEST_PROFILE"] ??
      "default";
    const own = ownJUnitFile(cwd, profile, valueOf(args, "--config-file"));
    const configFile = `${reportFile}${configSuffix}`;
    mkdirSync(path.dirname(configFile), { recursive: true });
    writeFileSync(configFile, `# ${own ?? reportFile}\n${toolConfig(profile, reportFile)}`);
    const isKept = ({ option }: Argument): boolean =>
      (selectors.length === 0 || (option !== undefined && !choosingOptions.has(option))) &&
      !(shard && option === "--partition");
    return {
      command: callCommand({
        launch: [...call.launch, "run"],
        args: [
          "--tool-config-file",
          `apex:${configFile}`,
          ...toWords(args.filter((argument) => isKept(argument))),
          ...(selectors.length === 0 ? [] : ["-E", filterset(selectors)]),
          // Slices are more even, but came in 0.9.127 only.
          ...(shard ? ["--partition", `hash:${shard.index}/${shard.total}`] : []),
          ...(allowNoTests ? ["--no-tests=pass"] : []),
          ...rest,
        ],
      }),
      ...(own === undefined ? {} : { before: reportsNow(own, path.dirname(own)) }),
    };
  },
  async read({ reportFile, before }) {
    const own = ownReport(reportFile);
    if (own === undefined || own === reportFile) return readNextestReport(reportFile);
    const { files, staleCount } = reportsSince(own, path.dirname(own), before);
    if (files.length === 1) return readNextestReport(own);
    return { completeness: "missing", tests: [], problem: nothingWritten(own, staleCount) };
  },
  list: {
    prepare(options) {
      const call = findCall(options);
      const { args } = parseNextestArguments(call.args);
      const { shard } = options;
      const partition = shard ? ["--partition", `hash:${shard.index}/${shard.total}`] : [];
      const words = toWords(listingArguments(args));
      return {
        command: callCommand({
          launch: [...call.launch, "list"],
          args: [...words, ...partition, "--message-format", "json"],
        }),
      };
    },
    read: ({ logFile }) => readNextestList(logFile),
  },
};

const configSuffix = ".nextest.toml";

/** Options that choose tests in their own way and would take some of the selected ones out again, or add others. */
const choosingOptions = new Set(["-E", "--filterset", "--filter-expr", "--partition", "--rerun", "-R"]);

function findCall({ command }: Pick<PrepareOptions, "command">): ProgramCall {
  const call = findNextest(command);
  if (!call)
    throw new FrameworkUnreachableError(
      "cargo nextest",
      whyNotFound(command, "cargo nextest run"),
      "cargo nextest run",
    );
  return call;
}

function valueOf(args: readonly Argument[], ...names: readonly string[]): string | undefined {
  return args.findLast(({ option = "" }) => names.includes(option))?.value;
}

/** The report that nextest writes, as the first line of our config has it. */
function ownReport(reportFile: string): string | undefined {
  const configFile = `${reportFile}${configSuffix}`;
  return existsSync(configFile) ? readFileSync(configFile, "utf8").split("\n", 1)[0]?.slice(2) : undefined;
}
