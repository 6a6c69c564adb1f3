import { createReadStream } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describeThrown, type TestResult } from "@netra-apex/core";
import { nothingWritten, refuseOptions } from "./junit-file.ts";
import { numbered } from "./numbered-tests.ts";
import { reportsNow, reportsSince } from "./report-files.ts";
import { TapReader } from "./tap-reader.ts";
import type { TestFrameworkAdapter, TestReport, WrittenReport } from "./test-framework-adapter.ts";

/** Any command that writes TAP by itself: to stdout, or to the files that `report:` names. */
export const tapAdapter: TestFrameworkAdapter = {
  name: "tap",
  matches: () => false,
  prepare(options) {
    const { command, cwd, report } = options;
    refuseOptions("a command that writes TAP by itself", options);
    return report === undefined ? { command } : { command, before: reportsNow(report, cwd) };
  },
  read: readStreams,
};

async function readStreams({ report, logFile, cwd, before }: WrittenReport): Promise<TestReport> {
  if (report === undefined) {
    if (logFile === undefined)
      return { completeness: "missing", tests: [], problem: "nothing kept what the command wrote" };
    const read = await readTap(logFile, cwd);
    return { ...read, tests: numbered(read.tests) };
  }
  const { files, staleCount } = reportsSince(report, cwd, before);
  if (files.length === 0) return { completeness: "missing", tests: [], problem: nothingWritten(report, staleCount) };
  const tests: TestResult[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const read = await readTap(file, cwd);
    for (const result of read.tests) tests.push(result);
    if (read.problem !== undefined)
      problems.push(`${path.relative(cwd, file).replaceAll(path.sep, "/")}: ${read.problem}`);
  }
  return problems.length === 0
    ? { completeness: "complete", tests: numbered(tests) }
    : { completeness: "truncated", tests: numbered(tests), problem: problems.join("; ") };
}

/** Reads one file of TAP. Never throws. */
export async function readTap(file: string, cwd: string): Promise<TestReport> {
  const reader = new TapReader(cwd);
  let lastChunk = "\n";
  // Loaded here: all adapters are loaded at each start, and few reports are TAP.
  const { createInterface } = await import("node:readline");
  try {
    const input = createReadStream(file, "utf8");
    input.on("data", (chunk) => (lastChunk = String(chunk)));
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
      reader.add(stripVTControlCharacters(line));
  } catch (error) {
    const { tests } = reader.end();
    return { completeness: "truncated", tests, problem: `the report cannot be read: ${describeThrown(error)}` };
  }
  return reader.end({ isCut: !lastChunk.endsWith("\n") });
}
