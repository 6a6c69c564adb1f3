import { createReadStream } from "node:fs";
import path from "node:path";
import { describeThrown, type TestResult } from "@netra-apex/core";
import * as z from "zod/mini";
import { failureText } from "./failure-text.ts";
import type { TestReport } from "./test-framework-adapter.ts";

/**
 * The report that apex' own reporters write inside a test framework, one JSON object a line, as tests end:
 *
 * - `{ type: "begin", framework, version? }` first;
 * - `{ type: "test", key?, file?, suites, name?, status, durationMs, line?, message?, details?, flaky?, retries? }`, `file`
 *   absolute; without a `name`, or with an empty one, it is the file itself that is told of, such as one that could not be loaded;
 * - `{ type: "collected", count }` where it is known how many tests there are;
 * - `{ type: "error", message }` for what went wrong outside every test;
 * - `{ type: "end" }` last. Without it the framework never came to its end.
 *
 * A framework that runs its files one after the other may begin and end for each. A test that is told twice counts as it was
 * told last; `key` says which test it is, where several share their file, suites and name: those are told apart by a number.
 */
function lineSchema() {
  const optionalNumber = z.optional(z.number());
  const optionalText = z.optional(z.string());
  return z.discriminatedUnion("type", [
    z.object({ type: z.literal("begin"), framework: z.string(), version: optionalText }),
    z.object({
      type: z.literal("test"),
      key: optionalText,
      file: optionalText,
      suites: z.array(z.string()),
      name: optionalText,
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
type TestLine = Extract<Line, { type: "test" }>;

/** No reporter of ours writes a longer line; whatever does is not kept in memory. */
const longestLine = 1024 * 1024;

/** Folds the text of a streamed report; of one that is still being written as of one that is whole. */
export class StreamedReport {
  readonly #cwd: string;
  readonly #schema = lineSchema();
  /** By key, else by id. */
  readonly #tests = new Map<string, TestResult>();
  /** How many keys there are of an id. */
  readonly #sharing = new Map<string, number>();
  readonly #errors: string[] = [];
  #collected: number | undefined;
  #unfinishedLine = "";
  #begun = 0;
  #ended = 0;
  #problem: string | undefined;

  /** `cwd` is what the tests' files are made relative to. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** Takes the next piece of the report, which may end anywhere in a line; gives the tests that it tells of. Never throws. */
  add(text: string): TestResult[] {
    const lines = (this.#unfinishedLine + text).split("\n");
    this.#unfinishedLine = lines.pop() ?? "";
    if (this.#unfinishedLine.length > longestLine) {
      this.#problem ??= notOurs;
      this.#unfinishedLine = "";
    }
    return lines.flatMap((line) => this.#addLine(line) ?? []);
  }

  /** What the report amounts to once no more of it will come. */
  end(): TestReport {
    this.#addLine(this.#unfinishedLine);
    this.#unfinishedLine = "";
    const tests = [...this.#tests.values()];
    const rest = {
      ...(this.#errors.length === 0 ? {} : { errors: this.#errors }),
      ...(this.#collected === undefined ? {} : { collected: this.#collected }),
    };
    if (this.#problem !== undefined) return { completeness: "truncated", tests, problem: this.#problem, ...rest };
    if (this.#begun === 0)
      return {
        completeness: "missing",
        tests,
        problem: "the command wrote no report: it ended before its tests began",
      };
    return this.#ended === this.#begun
      ? { completeness: "complete", tests, ...rest }
      : { completeness: "truncated", tests, problem: "the command ended before all its tests had", ...rest };
  }

  #addLine(text: string): TestResult | undefined {
    if (text.trim() === "" || this.#problem !== undefined) return undefined;
    let line: Line;
    try {
      line = this.#schema.parse(JSON.parse(text));
    } catch {
      this.#problem = notOurs;
      return undefined;
    }
    if (line.type !== "begin" && this.#begun === 0) {
      this.#problem = notOurs;
      return undefined;
    }
    switch (line.type) {
      case "begin":
        this.#begun += 1;
        return undefined;
      case "collected":
        this.#collected = (this.#collected ?? 0) + line.count;
        return undefined;
      case "error":
        this.#errors.push(failureText(line.message).message ?? "unknown error");
        return undefined;
      case "end":
        this.#ended += 1;
        return undefined;
      case "test":
        return this.#addTest(line);
      default:
        return line satisfies never;
    }
  }

  #addTest(line: TestLine): TestResult {
    const told = readTest(line, this.#cwd);
    const key = line.key === undefined ? `id ${told.id}` : `key ${line.key}`;
    const test = { ...told, id: this.#tests.get(key)?.id ?? this.#distinctId(told.id) };
    this.#tests.set(key, test);
    return test;
  }

  /** `ID`, `ID (2)`, `ID (3)` for tests that share it. */
  #distinctId(id: string): string {
    const number = (this.#sharing.get(id) ?? 0) + 1;
    this.#sharing.set(id, number);
    return number === 1 ? id : `${id} (${number})`;
  }
}

const notOurs = "the report holds a line that no reporter of apex writes, or one that was cut off";

/** Reads a streamed report from its file. Never throws. */
export async function readStreamedReport(reportFile: string, cwd: string): Promise<TestReport> {
  const report = new StreamedReport(cwd);
  try {
    for await (const text of createReadStream(reportFile, "utf8")) report.add(String(text));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) return unreadableReport(report, error);
  }
  return report.end();
}

/** What could be read of a report before reading it failed. */
export function unreadableReport(report: StreamedReport, error: unknown): TestReport {
  return { ...report.end(), completeness: "truncated", problem: `the report cannot be read: ${describeThrown(error)}` };
}

function readTest(line: TestLine, cwd: string): TestResult {
  const { suites, status, durationMs, message, details, flaky, retries } = line;
  const file = line.file === undefined ? undefined : path.relative(cwd, line.file).replaceAll(path.sep, "/");
  const name = line.name || file || "unknown file";
  return {
    id: [...(file === undefined ? [] : [file]), ...suites, ...(line.name ? [name] : [])].join(" > ") || name,
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
