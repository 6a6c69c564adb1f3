import { isFileItself, type RunEventOf, type TestResult } from "@netra-apex/core";
import type { EarlierFailure, ReportedTest } from "./run-report.ts";

/**
 * The tests of one node over all its attempts, as its counts count them: a test ends as it ended last, one that failed and
 * was not run again stays failed, and what was not run again because it had passed stays passed. Parametrised tests may
 * share an id.
 */
export class TestFold {
  #merged = new Map<string, readonly ReportedTest[]>();
  #own = new Map<string, ReportedTest[]>();
  #attempt = 1;
  readonly #failures = new Map<string, EarlierFailure[]>();
  /** Ids of failed tests by titles: some reports name the file of a test only when it fails. */
  readonly #failedIds = new Map<string, string>();

  /**
   * Takes a test of the attempt under way, told `atMs` after the run's start; one of an attempt that was given up on is late and
   * changes nothing.
   */
  add({ runId, seq, nodeId, attempt, test }: RunEventOf<"test_completed">, atMs: number): void {
    if (attempt < this.#attempt) return;
    this.#attempt = attempt;
    const { flaky = false, retries = 0, ...rest } = test;
    const reported: ReportedTest = { ...rest, runId, seq, nodeId, attempt, atMs, flaky, retries };
    const id = this.#idOf(test);
    const known = this.#own.get(id);
    if (known) known.push(reported);
    else this.#own.set(id, [reported]);
  }

  /** Ends an attempt, which ran everything or only what had failed. */
  end(isPartial: boolean): void {
    const own = this.#own;
    const before = this.#merged;
    const ranFiles = new Set([...own.values()].filter(hasRun).map(([test]) => test?.file));
    const merged = new Map<string, readonly ReportedTest[]>(isPartial ? before : own);
    for (const [id, group] of own) if (isPartial && (hasRun(group) || !before.has(id))) merged.set(id, group);
    for (const [id, group] of before) {
      const failed = group.find(isFailed);
      if (!failed || hasRun(own.get(id) ?? [])) continue;
      // What went wrong around tests, in a file or a hook, is told again when it does again.
      const isMended = isFileItself(failed) && ranFiles.has(failed.file);
      if (isMended || (!isPartial && failed.status === "errored")) {
        if (isPartial) merged.delete(id);
      } else {
        merged.set(id, group);
      }
    }
    this.#merged = merged;
    this.#own = new Map();
    this.#attempt += 1;
    for (const [id, group] of own) this.#remember(id, group);
  }

  /** All tests as they ended last; those of an attempt whose end is not recorded count as far as they were told. */
  result(): readonly ReportedTest[] {
    if (this.#own.size > 0) this.end(true);
    return [...this.#merged].flatMap(([id, group]) => group.map((test) => this.#withEarlier(id, test)));
  }

  #remember(id: string, group: readonly ReportedTest[]): void {
    for (const test of group.filter(isFailed)) {
      const { runId, seq, attempt, message } = test;
      const failure = { runId, seq, attempt, ...(message === undefined ? {} : { message }) };
      this.#failures.set(id, [...(this.#failures.get(id) ?? []), failure]);
      this.#failedIds.set(titleOf(test), id);
    }
  }

  #withEarlier(id: string, test: ReportedTest): ReportedTest {
    const earlier = (this.#failures.get(id) ?? []).filter(({ attempt }) => attempt < test.attempt);
    return earlier.length === 0 ? test : { ...test, earlier };
  }

  #idOf(test: TestResult): string {
    return (test.file === undefined ? this.#failedIds.get(titleOf(test)) : undefined) ?? test.id;
  }
}

/** Suites and name of a test as they are. */
export function titleOf({ suites, name }: Pick<TestResult, "suites" | "name">): string {
  return [...suites, name].join(" > ");
}

/** Whether a test said no, or broke. */
export function isFailed({ status }: Pick<TestResult, "status">): boolean {
  return status === "failed" || status === "errored";
}

function hasRun(group: readonly ReportedTest[]): boolean {
  return group.some(({ status }) => status !== "skipped" && status !== "todo");
}
