import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ApexError, describeThrown } from "@netra-apex/core";
import { type CategoryState, type EnvironmentState, type LastRun, lastRunVersion } from "./last-run.ts";

/** Larger than any that is written: whoever made this one was not apex. */
const mostBytes = 64 * 1024 * 1024;

/** The file of the last run cannot be used. */
class LastRunError extends ApexError {
  readonly code = "APEX_LAST_RUN_INVALID";

  constructor(where: string, problem: string, cause?: unknown) {
    super(`${where}: ${problem}`, {
      hint: "it is left as it is; the next run without --last-failed writes it anew",
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** Where a project keeps what its last run has left open. */
export function lastRunFile(projectRoot: string): string {
  return path.join(projectRoot, ".apex", "last-run.json");
}

/** Reads the file; undefined where there is none. Throws `LastRunError` for one that is damaged, with where. */
export function readLastRun(projectRoot: string): LastRun | undefined {
  const file = lastRunFile(projectRoot);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new LastRunError(file, `it cannot be read: ${describeThrown(error)}`, error);
  }
  if (text.length > mostBytes) throw new LastRunError(file, "it is larger than any that apex writes");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LastRunError(located(file, text, error), `not JSON: ${describeThrown(error)}`, error);
  }
  const problem = problemOf(value);
  if (problem !== undefined) throw new LastRunError(file, problem);
  return value as LastRun;
}

/** Replaces the file, or leaves it as it was: nobody ever sees half of it. Throws what the file system throws. */
export function writeLastRun(projectRoot: string, lastRun: LastRun): void {
  const file = lastRunFile(projectRoot);
  const part = `${file}.${process.pid}.part`;
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    writeFileSync(part, `${JSON.stringify(lastRun, undefined, 2)}\n`);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** The file with line and column, where V8 says at which character it gave up; at the end for a file that was cut off. */
function located(file: string, text: string, error: unknown): string {
  const said = /position (\d+)/.exec(describeThrown(error))?.[1];
  const before = text.slice(0, said === undefined ? text.length : Number(said)).split("\n");
  return `${file}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

/** What is wrong with the file's content, by the path of the first part that is. */
function problemOf(value: unknown): string | undefined {
  if (!isRecord(value)) return "it holds no object";
  if (value["version"] !== lastRunVersion) {
    return `version: ${JSON.stringify(value["version"])}, and this apex reads version ${lastRunVersion}`;
  }
  if (!isRecord(value["environments"])) return "environments: must be an object";
  for (const [name, environment] of Object.entries(value["environments"])) {
    const problem = environmentProblem(environment, `environments.${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function environmentProblem(value: unknown, at: string): string | undefined {
  if (!isRecord(value)) return `${at}: must be an object`;
  const { runId, at: time, categories, passes = {} } = value as { [Key in keyof EnvironmentState]: unknown };
  if (typeof runId !== "string") return `${at}.runId: must be a text`;
  if (typeof time !== "string") return `${at}.at: must be a text`;
  if (!isRecord(categories)) return `${at}.categories: must be an object`;
  if (!isRecord(passes)) return `${at}.passes: must be an object`;
  for (const [name, pass] of Object.entries(passes)) {
    if (!isPass(pass)) return `${at}.passes.${name}: must have a number of tests and a command`;
  }
  for (const [name, state] of Object.entries(categories)) {
    const problem = stateProblem(state, `${at}.categories.${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function stateProblem(value: unknown, at: string): string | undefined {
  if (!isRecord(value)) return `${at}: must be an object`;
  const state = value["state"] as CategoryState["state"];
  switch (state) {
    case "tests-failed": {
      const tests = value["tests"];
      if (!Array.isArray(tests) || tests.length === 0) return `${at}.tests: must be a list of tests`;
      const index = tests.findIndex((test) => !isSelector(test));
      return index === -1 ? undefined : `${at}.tests[${index}]: must have a file and a path`;
    }
    case "failed":
    case "unproved":
      return typeof value["reason"] === "string" ? undefined : `${at}.reason: must be a text`;
    default:
      state satisfies never;
      return `${at}.state: ${JSON.stringify(state)} is none`;
  }
}

function isPass(value: unknown): boolean {
  return isRecord(value) && Number.isInteger(value["tests"]) && typeof value["command"] === "string";
}

function isSelector(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { file, path: titles } = value;
  return typeof file === "string" && Array.isArray(titles) && titles.every((title) => typeof title === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
