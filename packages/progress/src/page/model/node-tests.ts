import type { TestResult } from "@netra-apex/core";

/** A test as the latest attempt that ran it told it. */
export interface TestRow {
  readonly test: TestResult;
  readonly attempt: number;
}

/** Tests that are kept of each node, beside those that failed or were flaky. */
export const keptTests = 20_000;

/** Failed and flaky tests that are kept of each node. */
const keptNotable = 5_000;

/** Characters that are kept of what a test says. */
const keptTextChars = 8_000;

/** How the tests of a list are chosen and ordered. */
export interface TestChoice {
  readonly status: "all" | "failed" | "flaky" | "skipped";
  readonly words: string;
  readonly order: "failed-first" | "slowest";
}

/** The tests of one node; bounded, and those that matter are the last to be left out. */
export class NodeTests {
  readonly #rows: TestRow[] = [];
  readonly #indexes = new Map<string, number>();
  #notable = 0;
  #left = 0;
  #version = 0;

  /** Tests that were told of and are not kept. */
  get left(): number {
    return this.#left;
  }

  /** Changes with each test. */
  get version(): number {
    return this.#version;
  }

  add(test: TestResult, attempt: number): void {
    this.#version += 1;
    const row = { test: shortened(test), attempt };
    const index = this.#indexes.get(test.id);
    const before = index === undefined ? undefined : this.#rows[index];
    // A later attempt's word replaces an earlier one's; within one attempt, several tests may have the same id.
    if (index !== undefined && before && before.attempt < attempt) {
      this.#rows[index] = row;
      return;
    }
    const isKept = isNotable(test) ? this.#notable < keptNotable : this.#rows.length - this.#notable < keptTests;
    if (!isKept) {
      this.#left += 1;
      return;
    }
    if (isNotable(test)) this.#notable += 1;
    this.#indexes.set(test.id, this.#rows.length);
    this.#rows.push(row);
  }

  /** Those that fit, in the order that is asked for. */
  choose({ status, words, order }: TestChoice): readonly TestRow[] {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.#rows.filter((row) => fits(row, status, wanted));
    if (order === "slowest") return rows.sort((left, right) => right.test.durationMs - left.test.durationMs);
    const failed = rows.filter(({ test }) => hasFailed(test));
    const flaky = rows.filter(({ test }) => !hasFailed(test) && test.flaky);
    return [...failed, ...flaky, ...rows.filter(({ test }) => !isNotable(test))];
  }
}

/** Whether a test says no. */
function hasFailed({ status }: TestResult): boolean {
  return status === "failed" || status === "errored";
}

function isNotable(test: TestResult): boolean {
  return hasFailed(test) || test.flaky === true;
}

function fits({ test }: TestRow, status: TestChoice["status"], wanted: readonly string[]): boolean {
  if (status === "failed" && !hasFailed(test)) return false;
  if (status === "flaky" && test.flaky !== true) return false;
  if (status === "skipped" && test.status !== "skipped" && test.status !== "todo") return false;
  if (wanted.length === 0) return true;
  const text = `${test.file ?? ""} ${test.suites.join(" ")} ${test.name}`.toLowerCase();
  return wanted.every((word) => text.includes(word));
}

function shortened(test: TestResult): TestResult {
  const { message = "", details = "" } = test;
  if (message.length <= keptTextChars && details.length <= keptTextChars) return test;
  return {
    ...test,
    ...(test.message !== undefined && { message: message.slice(0, keptTextChars) }),
    ...(test.details !== undefined && { details: details.slice(0, keptTextChars) }),
  };
}
