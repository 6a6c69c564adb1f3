import { testTitle } from "../../render/test-title.ts";
import { isFailed } from "../test-fold.ts";
import { nodeKey } from "../failure-groups.ts";
import type { ReportedTest, RunReport, TimelineSpan } from "../run-report.ts";
import { assignLanes } from "../timeline-lanes.ts";

/** A test in the time of its attempt, with the row of its node that it is drawn in. */
export interface TestSpan {
  readonly test: ReportedTest;
  /** The span that it is a part of. */
  readonly attempt: TimelineSpan;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 is the row of the attempt itself; tests that ran side by side have others. */
  readonly row: number;
}

/** Tests that have a place, and for each attempt (`attemptKey`) how many have none. */
export interface PlacedTests {
  readonly spans: readonly TestSpan[];
  readonly unplaced: ReadonlyMap<string, number>;
}

/** Tests side by side; where a framework tells of all its tests at its end, they all seem to be. */
export const mostRows = 16;

/** Names an attempt of the timeline. */
export function attemptKey({
  runId,
  nodeId = "",
  attempt,
}: Pick<TimelineSpan, "runId" | "nodeId" | "attempt">): string {
  return `${nodeKey(runId, nodeId)} ${attempt}`;
}

/** Places each test in the attempt that it was told in: it ends when it was told, and none covers another in its row. */
export function placeTests({ tests, timeline }: RunReport): PlacedTests {
  const attempts = new Map(timeline.filter(({ kind }) => kind === "attempt").map((span) => [attemptKey(span), span]));
  const byAttempt = new Map<string, ReportedTest[]>();
  for (const test of tests.filter(hasRun)) {
    const own = byAttempt.get(attemptKey(test));
    if (own) own.push(test);
    else byAttempt.set(attemptKey(test), [test]);
  }
  const spans: TestSpan[] = [];
  const unplaced = new Map<string, number>();
  for (const [key, own] of byAttempt) {
    const attempt = attempts.get(key);
    if (!attempt) continue;
    // What failed has the first choice among those that begin together.
    const timed = own
      .toSorted((left, right) => Number(isFailed(right)) - Number(isFailed(left)))
      .map((test) => ({ test, ...timesOf(test, attempt) }));
    const rows = assignLanes(timed, mostRows);
    for (const [index, times] of timed.entries()) {
      const row = rows[index] ?? -1;
      if (row === -1) unplaced.set(key, (unplaced.get(key) ?? 0) + 1);
      else spans.push({ ...times, attempt, row, name: testTitle(times.test) });
    }
  }
  return { spans, unplaced };
}

function hasRun({ status }: ReportedTest): boolean {
  return status !== "skipped" && status !== "todo";
}

function timesOf(
  { atMs, durationMs }: ReportedTest,
  attempt: TimelineSpan,
): { readonly startMs: number; readonly endMs: number } {
  const endMs = Math.min(Math.max(atMs, attempt.startMs), attempt.endMs);
  const lastedMs = Number.isFinite(durationMs) ? Math.max(0, durationMs) : 0;
  return { startMs: Math.max(attempt.startMs, endMs - lastedMs), endMs };
}
