import {
  addCounts,
  countTests,
  encodeEvent,
  noTests,
  type RunEventOf,
  type TestCounts,
  type TestResult,
} from "@netra-apex/core";
import { keptTestsPerNode } from "../node-view.ts";
import type { WrittenLine } from "./run-digest.ts";

/** As many as the view of a node keeps. */
const keptMessageChars = 4_000;
const keptOutputChars = 4_000;
/** Kinds of what agents say of which the latest is kept; metrics have names of their own. */
const keptKinds = 50;

/** What the events of one node amount to. */
export class NodeDigest {
  /** In order: its start, its attempts, and the tests of theirs that matter. */
  readonly #lines: WrittenLine[] = [];
  readonly #latest = new Map<string, WrittenLine>();
  #output: RunEventOf<"output"> | undefined;
  #completion: WrittenLine | undefined;
  #hasStarted = false;
  #attempt = 1;
  #failed = 0;
  #flaky = 0;
  #omitted: TestCounts = noTests;

  get isCompleted(): boolean {
    return this.#completion !== undefined;
  }

  /** Tests of the attempt now that are not among the lines. */
  get omitted(): TestCounts {
    return this.#omitted;
  }

  omit(counts: TestCounts): void {
    if (this.#isRunning) this.#omitted = addCounts([this.#omitted, counts]);
  }

  start(line: WrittenLine): void {
    this.#hasStarted = true;
    this.#lines.push(line);
  }

  beginAttempt(event: RunEventOf<"node_retrying" | "agent_started">, line: WrittenLine): void {
    if (!this.#isRunning || event.attempt < this.#attempt) return;
    this.#lines.push(line);
    if (event.type === "agent_started") {
      this.#attempt = event.attempt;
      return;
    }
    this.#attempt = event.attempt + 1;
    this.#failed = 0;
    this.#flaky = 0;
    this.#omitted = noTests;
  }

  /** Returns how many characters it keeps of it. */
  addTest(event: RunEventOf<"test_completed">, line: string | undefined, hasRoom: boolean): number {
    if (!this.#isRunning || event.attempt < this.#attempt) return 0;
    if (!hasRoom || !this.#matters(event.test)) {
      this.omit(countTests([event.test]));
      return 0;
    }
    const { message = "", details: _whole, ...test } = event.test;
    const isShort = line !== undefined && line.length < keptMessageChars;
    const cut = { ...test, ...(message !== "" && { message: message.slice(0, keptMessageChars) }) };
    const kept = isShort ? line : encodeEvent({ ...event, test: cut });
    this.#lines.push({ seq: event.seq, line: kept });
    return kept.length;
  }

  addOutput(event: RunEventOf<"output">): void {
    if (!this.#isRunning || event.attempt < this.#attempt) return;
    this.#output = { ...event, text: ((this.#output?.text ?? "") + event.text).slice(-keptOutputChars) };
  }

  keepLatest(kind: string, line: WrittenLine): void {
    if (this.#isRunning && (this.#latest.has(kind) || this.#latest.size < keptKinds)) this.#latest.set(kind, line);
  }

  complete(line: WrittenLine): void {
    if (this.#completion) this.#lines.push(this.#completion);
    this.#completion = line;
    this.#omitted = noTests;
    this.#latest.clear();
  }

  lines(): WrittenLine[] {
    const output = this.#output && [{ seq: this.#output.seq, line: encodeEvent(this.#output) }];
    const end = this.#completion && [this.#completion];
    return [...this.#lines, ...this.#latest.values(), ...(output ?? []), ...(end ?? [])];
  }

  /** Of a node that begins anew: all if it had ended, else that it had begun. */
  linesToKeep(): WrittenLine[] {
    return this.isCompleted ? this.lines() : this.#lines.slice(0, 1);
  }

  get #isRunning(): boolean {
    return this.#hasStarted && !this.isCompleted;
  }

  #matters({ status, flaky }: TestResult): boolean {
    if (status === "failed" || status === "errored") {
      this.#failed += 1;
      return this.#failed <= keptTestsPerNode;
    }
    if (!flaky) return false;
    this.#flaky += 1;
    return this.#flaky <= keptTestsPerNode;
  }
}
