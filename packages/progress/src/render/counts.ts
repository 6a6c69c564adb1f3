import type { Outcome, OutcomeStatus, TestCounts } from "@netra-apex/core";
import { outcomeStyle, statusWord } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";

const plurals = { test: "tests", category: "categories", reporter: "reporters", process: "processes" } as const;

/** A number with its noun: `1 test`, `2 categories`. */
export function countOf(count: number, noun: keyof typeof plurals): string {
  return `${count} ${count === 1 ? noun : plurals[noun]}`;
}

/** A total and its notable parts: `110 tests, 2 failed, 1 skipped, 1 flaky`. None at all means that exit codes alone decided. */
export function formatTestCounts({ total, failed, skipped, flaky }: TestCounts, palette: Palette): string {
  if (total === 0) return "no test counts";
  const parts = [
    countOf(total, "test"),
    failed > 0 && palette.bad(`${failed} failed`),
    skipped > 0 && palette.warn(`${skipped} skipped`),
    flaky > 0 && palette.warn(`${flaky} flaky`),
  ];
  return parts.filter((part) => part !== false).join(", ");
}

/** The order in which outcomes are named: the gravest first. */
const gravity: readonly OutcomeStatus[] = ["failed", "errored", "timed-out", "inconclusive", "cancelled", "skipped"];

/** Categories by outcome: `6 categories, 1 failed, 2 skipped`. */
export function formatCategoryCounts(outcomes: readonly Outcome[], palette: Palette): string {
  const parts = gravity.flatMap((status) => {
    const same = outcomes.filter((outcome) => outcome.status === status);
    return same.slice(0, 1).map((outcome) => outcomeStyle(outcome, palette)(`${same.length} ${statusWord(status)}`));
  });
  return [countOf(outcomes.length, "category"), ...parts].join(", ");
}

/** What ran so far: `39 passed`, `1 failed`; nothing before the first test. */
export function progressParts({ passed, failed, skipped }: TestCounts): { text: string; isFailure: boolean }[] {
  const parts = [
    { text: `${passed} passed`, isShown: passed > 0, isFailure: false },
    { text: `${failed} failed`, isShown: failed > 0, isFailure: true },
    { text: `${skipped} skipped`, isShown: passed + failed === 0 && skipped > 0, isFailure: false },
  ];
  return parts.flatMap(({ text, isShown, isFailure }) => (isShown ? [{ text, isFailure }] : []));
}
