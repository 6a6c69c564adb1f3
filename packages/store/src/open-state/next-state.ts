import { describeOutcome, type Outcome, type TestSelector } from "@netra-apex/core";
import { type CategoryState, mostTestsPerCategory, selectorKey } from "./open-state.ts";
import type { NodeEnd } from "./open-state-recorder.ts";

/** What an environment has open after a run, by name: what was run anew as it ended, everything else as it was. */
export function nextState(
  before: Readonly<Record<string, CategoryState>>,
  ends: ReadonlyMap<string, readonly NodeEnd[]>,
): Record<string, CategoryState> {
  const after = new Map(Object.entries(before));
  for (const [category, nodes] of ends) {
    const state = categoryState(after.get(category), nodes);
    if (state) after.set(category, state);
    else after.delete(category);
  }
  return Object.fromEntries([...after].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What a category has open after its nodes have ended; undefined for nothing. */
function categoryState(before: CategoryState | undefined, nodes: readonly NodeEnd[]): CategoryState | undefined {
  const parts = nodes.filter((node) => !node.isWhole);
  const skippedWhole = (node: NodeEnd): boolean => node.isWhole && node.outcome.status === "skipped";
  const told = nodes.filter((node) => !skippedWhole(node) || parts.length === 0);
  const unrun = told.filter(isUnrun);
  const ran = told.filter((node) => !isUnrun(node) && !hadNothingToRun(node.outcome));
  const broken = ran.find(({ outcome, failed }) => outcome.status !== "passed" && failed === undefined);
  if (broken) return { state: "failed", reason: describeOutcome(broken.outcome) };
  const failed = ran.flatMap((node) => node.failed ?? []);
  const [first] = unrun;
  if (first) {
    // Shards that failed beside some that never ran: only all of it can prove anything.
    if (failed.length > 0) return { state: "failed", reason: describeOutcome(first.outcome) };
    return before && before.state !== "unproved"
      ? before
      : { state: "unproved", reason: describeOutcome(first.outcome) };
  }
  if (ran.length === 0) return before;
  const isPartial = ran.some((node) => node.isPartial);
  // A part that passes does not prove the whole.
  if (isPartial && before && before.state !== "tests-failed") return failed.length > 0 ? testsFailed(failed) : before;
  const left = isPartial && before?.state === "tests-failed" ? notPassed(before.tests, ran) : [];
  return testsFailed([...left, ...failed]);
}

function testsFailed(tests: readonly TestSelector[]): CategoryState | undefined {
  const unique = new Map(tests.map((test) => [selectorKey(test), test]));
  if (unique.size === 0) return undefined;
  if (unique.size > mostTestsPerCategory) return { state: "failed", reason: `${unique.size} tests failed` };
  return { state: "tests-failed", tests: [...unique.values()] };
}

function notPassed(tests: readonly TestSelector[], ran: readonly NodeEnd[]): TestSelector[] {
  // Some reports name the file of a test only when it fails.
  const keysOf = (test: TestSelector): string[] =>
    test.path.length === 0 ? [selectorKey(test)] : [selectorKey(test), selectorKey({ ...test, file: "" })];
  return tests.filter((test) => !ran.some(({ passed }) => keysOf(test).some((key) => passed.has(key))));
}

/** It never came to a result of its own. */
function isUnrun({ outcome, counts }: NodeEnd): boolean {
  if (outcome.status === "skipped") return !hadNothingToRun(outcome);
  return outcome.status === "cancelled" && counts.failed === 0;
}

function hadNothingToRun(outcome: Outcome): boolean {
  return outcome.status === "skipped" && (outcome.cause === "not-configured" || outcome.cause === "condition");
}
