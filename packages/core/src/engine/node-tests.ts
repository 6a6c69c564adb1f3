import { isFileItself } from "../plan/category-task.ts";
import { addCounts, countTests, noTests, type TestCounts, type TestResult } from "../test-result.ts";

/** Failed tests beyond which everything is run again: naming them all gains nothing any more. */
const mostRerunTests = 1_000;

/** Titles that a reason names. */
const namedTests = 5;

/** All tests of one id: parametrised ones may share it. */
interface TestGroup {
  readonly counts: TestCounts;
  readonly file: string | undefined;
  /** One of those that failed; absent where none did. */
  readonly failed?: TestResult;
}

/**
 * The tests of a node over all its attempts, so that a retry hides nothing: a test that fails and later passes is flaky, one
 * that failed and is not run again stays failed, and what is not run again because it had passed stays passed. Of a node
 * that is tried once, only flaky tests are kept.
 */
export class NodeTests {
  readonly #isRetryable: boolean;
  /** As the attempts so far amount to. */
  #groups = new Map<string, TestGroup>();
  #attempt = 1;
  /** Of the attempt under way. */
  #own = new Map<string, TestGroup>();
  /** Ids of tests that failed in an earlier attempt, files that failed outside their tests among them. */
  readonly #failedBefore = new Set<string>();
  /** Their ids by titles: some reports name the file of a test only when it fails. */
  readonly #failedIds = new Map<string, string>();
  /** By id; those that fail in the end are taken out again. */
  readonly #flaky = new Map<string, string>();

  constructor({ isRetryable }: { readonly isRetryable: boolean }) {
    this.#isRetryable = isRetryable;
  }

  /** Tests that still fail; undefined where there are none, or too many to be named. */
  get failing(): readonly TestResult[] | undefined {
    const failing = [...this.#groups.values()].flatMap(({ failed }) => failed ?? []);
    return failing.length === 0 || failing.length > mostRerunTests ? undefined : failing;
  }

  /** Tests whose pass counts although they failed before, by their titles. */
  get flakyTitles(): readonly string[] {
    return [...this.#flaky.values()];
  }

  /** Of all attempts together. */
  get counts(): TestCounts {
    return addCounts([...this.#groups.values()].map(({ counts }) => counts));
  }

  /** Begins an attempt, from 1 on. */
  begin(attempt: number): void {
    this.#attempt = attempt;
    this.#own = new Map();
  }

  /** Takes a test's result; gives it as it is to be told, which says so when it had failed before. */
  add(reported: TestResult): TestResult {
    const test = this.#isRecovered(reported)
      ? { ...reported, flaky: true, retries: (reported.retries ?? 0) + this.#attempt - 1 }
      : reported;
    const id = this.#idOf(test);
    if (isFailed(test)) this.#flaky.delete(id);
    else if (test.flaky) this.#flaky.set(id, titleOf(test));
    if (this.#isRetryable) {
      const before = this.#own.get(id);
      const counts = addCounts([before?.counts ?? noTests, countTests([test])]);
      const failed = before?.failed ?? (isFailed(test) ? withoutDetails(test) : undefined);
      this.#own.set(id, { counts, file: test.file, ...(failed === undefined ? {} : { failed }) });
    }
    return test;
  }

  /**
   * Ends an attempt, which ran everything, or only what had failed (`isPartial`). Gives the tests that had failed and were not
   * run again, which still count as failed.
   */
  end(isPartial: boolean): readonly TestResult[] {
    const own = this.#own;
    const before = this.#groups;
    const ranFiles = filesThatRan(own);
    const unanswered: TestResult[] = [];
    const merged = isPartial ? new Map(before) : new Map(own);
    for (const [id, group] of own) if (isPartial && hasRun(group)) merged.set(id, group);
    for (const [id, group] of before) {
      if (!group.failed || hasRun(own.get(id))) continue;
      const { failed } = group;
      // What went wrong around tests, in a file or a hook, is told again when it does again.
      const isMended = isFileItself(failed) && ranFiles.has(failed.file);
      if (isMended || (!isPartial && failed.status === "errored")) {
        if (isPartial) merged.delete(id);
        continue;
      }
      merged.set(id, group);
      unanswered.push(failed);
    }
    this.#groups = merged;
    for (const [id, { failed }] of own) {
      if (!failed) continue;
      this.#failedBefore.add(id);
      this.#failedIds.set(titleOf(failed), id);
    }
    return unanswered;
  }

  #idOf(test: TestResult): string {
    return (test.file === undefined ? this.#failedIds.get(titleOf(test)) : undefined) ?? test.id;
  }

  #isRecovered(test: TestResult): boolean {
    if (test.status !== "passed") return false;
    // A file's own id is its name.
    return this.#failedBefore.has(this.#idOf(test)) || (test.file !== undefined && this.#failedBefore.has(test.file));
  }
}

/** The titles of tests for a reason, the first ones by name. */
export function nameTests(titles: readonly string[]): string {
  const more = titles.length > namedTests ? ` and ${titles.length - namedTests} more` : "";
  return titles.slice(0, namedTests).join(", ") + more;
}

/** Suites and name. */
export function titleOf({ suites, name }: Pick<TestResult, "suites" | "name">): string {
  return [...suites, name].join(" > ");
}

function isFailed({ status }: TestResult): boolean {
  return status === "failed" || status === "errored";
}

function hasRun(group: TestGroup | undefined): boolean {
  return group !== undefined && group.counts.passed + group.counts.failed > 0;
}

function filesThatRan(groups: ReadonlyMap<string, TestGroup>): Set<string | undefined> {
  const files = new Set<string | undefined>();
  for (const group of groups.values()) if (hasRun(group)) files.add(group.file);
  return files;
}

/** Nobody needs the whole text of a failure to run its test again. */
function withoutDetails(test: TestResult): TestResult {
  const { details, ...rest } = test;
  return details === undefined ? test : rest;
}
