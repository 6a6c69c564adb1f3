import { createReadStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { describeThrown, type TestResult } from "@netra-apex/core";
import * as z from "zod/mini";
import { failureText } from "./failure-text.ts";
import type { TestReport } from "./test-framework-adapter.ts";

/**
 * The report that apex' own reporters write inside a test framework, one JSON object a line, as tests end:
 *
 * - `{ type: "begin", framework, version? }` first;
 * - `{ type: "test", file?, suites, name, status, durationMs, line?, message?, details?, flaky?, retries? }`, `file` absolute,
 *   and an empty `name` for what concerns the file as a whole (it cannot be collected);
 * - `{ type: "collected", count }` where it is known how many tests there are;
 * - `{ type: "error", message }` for what went wrong outside every test;
 * - `{ type: "end" }` last. Without it the framework never came to its end.
 *
 * A test that is told twice counts as it was told last.
 */
function lineSchema() {
  const optionalNumber = z.optional(z.number());
  const optionalText = z.optional(z.string());
  return z.discriminatedUnion("type", [
    z.object({ type: z.literal("begin"), framework: z.string(), version: optionalText }),
    z.object({
      type: z.literal("test"),
      file: optionalText,
      suites: z.array(z.string()),
      name: z.string(),
      status: z.enum(["passed", "failed", "skipped", "todo", "errored"]),
      durationMs: z.number(),
      line: optionalNumber,
      message: optionalText,
      details: optionalText,
      flaky: z.optional(z.boolean()),
      retries: optionalNumber,
    }),
    z.object({ type: z.literal("collected"), count: z.number() }),
    z.object({ type: z.literal("error"), message: z.string() }),
    z.object({ type: z.literal("end") }),
  ]);
}

type Line = z.infer<ReturnType<typeof lineSchema>>;

/** Folds the lines of a streamed report; for one that is still being written as for one that is whole. */
export class StreamedReport {
  readonly #cwd: string;
  readonly #schema = lineSchema();
  readonly #tests = new Map<string, TestResult>();
  readonly #errors: string[] = [];
  #collected: number | undefined;
  #hasBegun = false;
  #hasEnded = false;
  #problem: string | undefined;

  /** `cwd` is what the tests' files are made relative to. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** Takes one whole line; gives the test that it tells of. Never throws. */
  add(text: string): TestResult | undefined {
    if (text === "" || this.#problem !== undefined) return undefined;
    let line: Line;
    try {
      line = this.#schema.parse(JSON.parse(text));
    } catch {
      this.#problem = "the report holds a line that no reporter of apex writes, or one that was cut off";
      return undefined;
    }
    switch (line.type) {
      case "begin":
        this.#hasBegun = true;
        return undefined;
      case "collected":
        this.#collected = line.count;
        return undefined;
      case "error":
        this.#errors.push(failureText(line.message).message ?? "unknown error");
        return undefined;
      case "end":
        this.#hasEnded = true;
        return undefined;
      case "test": {
        const test = readTest(line, this.#cwd);
        this.#tests.set(test.id, test);
        return test;
      }
      default:
        return line satisfies never;
    }
  }

  /** What the lines amount to once no more will come. */
  end(): TestReport {
    const tests = [...this.#tests.values()];
    const rest = {
      ...(this.#errors.length === 0 ? {} : { errors: this.#errors }),
      ...(this.#collected === undefined ? {} : { collected: this.#collected }),
    };
    if (this.#problem !== undefined) return { completeness: "truncated", tests, problem: this.#problem, ...rest };
    if (this.#hasEnded) return { completeness: "complete", tests, ...rest };
    return this.#hasBegun
      ? { completeness: "truncated", tests, problem: "the command ended before all its tests had", ...rest }
      : { completeness: "missing", tests, problem: "the command wrote no report: it ended before its tests began" };
  }
}

/** Reads a streamed report from its file. Never throws. */
export async function readStreamedReport(reportFile: string, cwd: string): Promise<TestReport> {
  const report = new StreamedReport(cwd);
  try {
    const input = createReadStream(reportFile, "utf8");
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) report.add(line);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) {
      const problem = `the report cannot be read: ${describeThrown(error)}`;
      return { ...report.end(), completeness: "truncated", problem };
    }
  }
  return report.end();
}

function readTest(line: Extract<Line, { type: "test" }>, cwd: string): TestResult {
  const { suites, status, durationMs, message, details, flaky, retries } = line;
  const file = line.file === undefined ? undefined : path.relative(cwd, line.file).replaceAll(path.sep, "/");
  const name = line.name === "" && file !== undefined ? file : line.name;
  return {
    id: [...(file === undefined ? [] : [file]), ...suites, ...(line.name === "" ? [] : [name])].join(" > "),
    name,
    suites,
    durationMs,
    status,
    ...(file === undefined ? {} : { file }),
    ...(line.line === undefined ? {} : { line: line.line }),
    ...(message === undefined && details === undefined ? {} : failureText(message ?? details ?? "", details)),
    ...(flaky === true ? { flaky } : {}),
    ...(retries === undefined || retries === 0 ? {} : { retries }),
  };
}
