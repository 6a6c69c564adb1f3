import { readFileSync } from "node:fs";
import path from "node:path";
import { countTests, describeOutcome, type Outcome } from "@netra-apex/core";
import type { PrepareOptions, TestFrameworkAdapter } from "../../src/adapters/test-framework-adapter.ts";
import { runProcess } from "../../src/process/run-process.ts";
import { decideVerdict } from "../../src/verdict.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { waitUntil } from "../wait-until.ts";
import { argv } from "./prepare.ts";

type Options = Partial<Omit<PrepareOptions, "command" | "reportFile" | "cwd">> & {
  /** Ends the command, as a deadline does, once its streamed report contains this text. */
  readonly endAt?: string;
};

/** Runs a real framework in a project and reads its results, as the agent does for a category. */
export async function runProject(adapter: TestFrameworkAdapter, cwd: string, command: string, options: Options = {}) {
  const { endAt, ...asked } = { selectors: [], allowNoTests: false, ...options };
  const { reportFile, logFile } = outputFiles();
  const prepared = adapter.prepare({ command: argv(command), reportFile, cwd, ...asked });
  const controller = new AbortController();
  const running = runProcess({
    command: prepared.command,
    cwd,
    env: { ...asked.env, ...prepared.env },
    logFile,
    signal: controller.signal,
  });
  if (endAt !== undefined) {
    await waitUntil(() => textOf(reportFile).includes(endAt));
    controller.abort();
  }
  const exit = await running;
  const written = { reportFile, logFile, cwd, report: asked.report, before: prepared.before };
  const report = (await adapter.read?.(written)) ?? { completeness: "missing", tests: [] };
  const verdict = decideVerdict({ exit, report, counts: countTests(report.tests), allowNoTests: asked.allowNoTests });
  return {
    tests: report.tests,
    lines: report.tests.map(({ status, id }) => `${status} ${id}`).toSorted(),
    completeness: report.completeness,
    problem: report.problem,
    errors: report.errors,
    exitCode: exit.exitCode,
    verdict: saidOf(verdict),
    log: textOf(logFile),
  };
}

/** What a framework lists in a project. */
export async function listProject(
  adapter: TestFrameworkAdapter,
  cwd: string,
  command: string,
): Promise<readonly string[]> {
  const { reportFile, logFile } = outputFiles();
  if (!adapter.list) throw new Error(`${adapter.name} lists nothing`);
  const prepared = adapter.list.prepare({ command: argv(command), reportFile, cwd });
  await runProcess({ ...prepared, cwd, logFile });
  const { ids } = await adapter.list.read({ reportFile, logFile, cwd });
  return ids.toSorted();
}

/** One situation in which every framework must tell the truth. */
export interface Situation {
  readonly command: string;
  readonly options?: Options;
  /** `STATUS ID` of each test, in any order. */
  readonly tests: readonly string[];
  readonly completeness: "complete" | "truncated" | "missing";
  /** Absent for a command that a signal ended. */
  readonly exitCode?: number | undefined;
  readonly verdict: string | RegExp;
}

/** The situations by their names, which are the same for every framework. */
export type Situations = Readonly<
  Record<"pass" | "failure" | "zero tests" | "collection error" | "hang" | "crash", Situation>
>;

/** What is to be compared with a situation. */
export async function runSituation(adapter: TestFrameworkAdapter, cwd: string, situation: Situation) {
  const { lines, completeness, exitCode, verdict } = await runProject(
    adapter,
    cwd,
    situation.command,
    situation.options,
  );
  return { tests: lines, completeness, exitCode, verdict };
}

/** What `runSituation` is to give, for `toEqual`. */
export function expected(
  { tests, completeness, exitCode, verdict }: Situation,
  stringMatching: (text: RegExp) => unknown,
) {
  return {
    tests: tests.toSorted(),
    completeness,
    exitCode,
    verdict: typeof verdict === "string" ? verdict : stringMatching(verdict),
  };
}

function saidOf(outcome: Outcome): string {
  return outcome.status === "passed" ? "passed" : `${outcome.status}: ${describeOutcome(outcome)}`;
}

function outputFiles() {
  const directory = temporaryDirectory();
  return { reportFile: path.join(directory, "report"), logFile: path.join(directory, "log.log") };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
