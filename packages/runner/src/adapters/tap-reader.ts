import path from "node:path";
import type { TestResult } from "@netra-apex/core";
import { failureText } from "./failure-text.ts";
import { readDiagnostics } from "./tap-diagnostics.ts";
import { readTapPoint, type TapPoint } from "./tap-point.ts";
import type { TestReport } from "./test-framework-adapter.ts";

/** Tests of one level of subtests, and what was announced of them. */
interface Level {
  planned: number | undefined;
  count: number;
  readonly tests: Entry[];
}

interface Entry {
  readonly point: TapPoint;
  readonly children: readonly Entry[];
  /** What is wrong with the plan of its subtests. */
  readonly problem?: string;
  readonly diagnostics: string[];
  readonly comments: string[];
}

const deepestNesting = 64;
const longestDiagnostics = 1_000;

/** Folds the lines of a TAP stream (12 to 14), with whatever else is printed between them. Never throws. */
export class TapReader {
  readonly #cwd: string;
  readonly #done: Entry[] = [];
  #levels: Level[] = [newLevel()];
  #last: Entry | undefined;
  /** The entry whose subtests are inside braces, by depth. */
  readonly #blocks: { readonly depth: number; readonly point: TapPoint }[] = [];
  /** Set inside a diagnostic: how deep it is indented. */
  #yamlIndent: number | undefined;
  #hasTap = false;
  /** Whether the last line was one on which the result depends. */
  #endsInTap = false;
  #problem: string | undefined;

  /** `cwd` is what files are made relative to. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  add(line: string): void {
    this.#endsInTap = false;
    const text = line.trim();
    const indent = line.length - line.trimStart().length;
    if (this.#yamlIndent !== undefined) this.#addDiagnostic(line, text);
    else if (text === "---" && this.#last) this.#yamlIndent = indent;
    else if (text === "") return;
    else if (indent % 4 === 0 && indent / 4 < deepestNesting) this.#addLine(text, indent / 4);
    else this.#addText(text);
  }

  /** What the lines amount to once no more will come. `isCut`: the last one had no end, so part of it may be missing. */
  end({ isCut = false } = {}): TestReport {
    if (isCut && this.#endsInTap) this.#problem ??= "the TAP breaks off in the middle of a line";
    this.#endDocument();
    const tests = [...this.#results(this.#done, [])];
    if (!this.#hasTap) return { completeness: "missing", tests: [], problem: "the command wrote no TAP" };
    if (this.#problem === undefined) return { completeness: "complete", tests };
    return { completeness: "truncated", tests, problem: this.#problem };
  }

  #addDiagnostic(line: string, text: string): void {
    if (text === "..." && line.search(/\S/) <= (this.#yamlIndent ?? 0)) this.#yamlIndent = undefined;
    else if (this.#last && this.#last.diagnostics.length < longestDiagnostics) this.#last.diagnostics.push(line);
  }

  #addLine(text: string, depth: number): void {
    if (/^TAP version \d+$/i.test(text)) {
      // One command may write several streams, one after the other.
      if (depth === 0 && this.#hasTap) this.#endDocument();
      if (depth === 0) this.#hasTap = true;
      return;
    }
    const bailed = /^Bail out!\s*(.*)$/i.exec(text);
    if (bailed) {
      this.#hasTap = true;
      this.#problem ??= `the tests bailed out${bailed[1] ? `: ${bailed[1]}` : ""}`;
      return;
    }
    const plan = /^1\.\.(\d+)(?:\s*#.*)?$/.exec(text);
    if (plan) {
      this.#hasTap = true;
      this.#endsInTap = true;
      this.#level(depth).planned = Number(plan[1]);
      this.#last = undefined;
      return;
    }
    if (text.startsWith("#")) {
      this.#addComment(text, depth);
      return;
    }
    const block = this.#blocks.at(-1);
    if (text === "}" && block?.depth === depth) {
      this.#blocks.pop();
      this.#addEntry(block.point, depth);
      return;
    }
    const point = readTapPoint(text);
    if (!point) {
      if (depth > 0) this.#addText(text);
      return;
    }
    this.#hasTap = true;
    this.#endsInTap = true;
    if (point.opensBlock) this.#blocks.push({ depth, point });
    else this.#addEntry(point, depth);
  }

  #addComment(text: string, depth: number): void {
    // It begins other tests, of which the line after them has the name too.
    if (text.startsWith("# Subtest:")) this.#last = undefined;
    if (depth === this.#levels.length - 1) this.#addText(text.replace(/^#\s?/, ""));
  }

  /** Comments, and what mocha writes, after a test that failed say why. */
  #addText(text: string): void {
    if (this.#last?.point.status === "failed" && this.#last.comments.length < longestDiagnostics)
      this.#last.comments.push(text);
  }

  /** A test line ends the subtests before it. */
  #addEntry(point: TapPoint, depth: number): void {
    const children = this.#levels.splice(depth + 1);
    const level = this.#level(depth);
    level.count += 1;
    const inner = children[0];
    const problem = children.map((child) => planProblem(child)).find((text) => text !== undefined);
    const entry: Entry = {
      point,
      children: inner?.tests ?? [],
      diagnostics: [],
      comments: [],
      ...(problem === undefined ? {} : { problem }),
    };
    level.tests.push(entry);
    this.#last = entry;
  }

  #level(depth: number): Level {
    while (this.#levels.length <= depth) this.#levels.push(newLevel());
    return this.#levels[depth] ?? newLevel();
  }

  #endDocument(): void {
    const [root = newLevel(), ...open] = this.#levels;
    // Subtests whose parent never ended did run.
    this.#done.push(...root.tests, ...open.flatMap(({ tests }) => tests));
    this.#levels = [newLevel()];
    this.#last = undefined;
    if (!this.#hasTap) return;
    if (this.#yamlIndent !== undefined || this.#blocks.length > 0 || open.length > 0)
      this.#problem ??= "the TAP breaks off in the middle of a test";
    this.#problem ??= root.planned === undefined ? "the TAP has no plan: it breaks off" : planProblem(root);
    this.#yamlIndent = undefined;
    this.#blocks.length = 0;
  }

  *#results(entries: readonly Entry[], suites: readonly string[]): Generator<TestResult> {
    for (const entry of entries) {
      const { point, children, problem } = entry;
      yield* this.#results(children, [...suites, point.name]);
      // A test around subtests says no more than they do, unless it failed by itself.
      const isTold = children.length > 0 && (point.status !== "failed" || children.some((child) => hasFailed(child)));
      if (!isTold || problem !== undefined) yield this.#result(entry, suites);
    }
  }

  #result({ point, problem, diagnostics, comments }: Entry, suites: readonly string[]): TestResult {
    const values = diagnostics.length === 0 ? new Map<string, string>() : readDiagnostics(diagnostics);
    const { file, line } = this.#place(values);
    const text = diagnostics.length === 0 ? comments.join("\n") : diagnostics.join("\n");
    const said =
      values.get("message") ??
      values.get("error") ??
      values.get("failureMessage") ??
      values.get("diff") ??
      comments.join("\n");
    const message = problem ?? (point.status === "failed" ? said : point.reason);
    const status = problem !== undefined ? "errored" : point.status;
    const durationMs = Number(values.get("duration_ms") ?? point.durationMs ?? 0);
    return {
      // Most writers name the file of failures only, and an id must not change with the outcome.
      id: [...suites, point.name].join(" > "),
      name: point.name,
      suites,
      durationMs: Number.isFinite(durationMs) && durationMs >= 0 ? durationMs : 0,
      status,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ...(status === "failed" || status === "errored"
        ? failureText(message ?? "", text || message)
        : message === undefined
          ? {}
          : failureText(message)),
    };
  }

  #place(values: ReadonlyMap<string, string>): { file?: string; line?: number } {
    const at = values.get("at") ?? "";
    const [, located, locatedLine] = /^(.+?):(\d+)(?::\d+)?$/.exec(values.get("location") ?? "") ?? [];
    const written = located ?? values.get("file") ?? /^\s*file(?:Name)?:\s*['"]?([^'"\n]+)/m.exec(at)?.[1];
    const line = Number(locatedLine ?? values.get("line") ?? /^\s*line(?:Number)?:\s*(\d+)/m.exec(at)?.[1]);
    if (written === undefined) return {};
    const file = path.relative(this.#cwd, path.resolve(this.#cwd, written.trim())).replaceAll(path.sep, "/");
    return { file, ...(Number.isInteger(line) && line > 0 ? { line } : {}) };
  }
}

function newLevel(): Level {
  return { planned: undefined, count: 0, tests: [] };
}

function planProblem({ planned, count }: Level): string | undefined {
  if (planned === undefined || planned === count) return undefined;
  return `${planned} tests were planned, and ${count} came`;
}

function hasFailed({ point, children, problem }: Entry): boolean {
  return problem !== undefined || point.status === "failed" || children.some((child) => hasFailed(child));
}
