import { exitCodes, formatDuration, formatTestSelector, SelectionError } from "@netra-apex/core";
import type { NodeEntry, RunEntry, TestHistory } from "@netra-apex/store";
import { withStore } from "../history/with-store.ts";
import { findPast } from "./open-past.ts";
import { type PastOptions, windowOf } from "./past-options.ts";
import { countText, percentText, plain, say, table, timeText } from "../table.ts";

const defaultLimit = 20;

/** `apex history [WHAT]`: the runs, or those of one category, or of tests. */
export async function historyCommand(what: string | undefined, options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const { environment } = past;
  const limit = options.limit ?? defaultLimit;
  const windowMs = windowOf(options);
  const sinceMs = windowMs === undefined ? undefined : Date.now() - windowMs;
  return withStore(past, (store) => {
    if (what === undefined) {
      const runs = store.runs({ environment: options.env, limit, sinceMs });
      const isFiltered = options.env !== undefined || sinceMs !== undefined;
      say(options.json, runs, () => runsText(runs, isFiltered));
      return exitCodes.passed;
    }
    if (what.trim() === "") throw new SelectionError("a category or a test was asked for, but its name is empty");
    const results = store.category({ environment, category: what, limit, sinceMs });
    if (results.length > 0) {
      say(options.json, results, () => categoryText(what, results));
      return exitCodes.passed;
    }
    const tests = store.tests({ environment, text: what, limit, sinceMs });
    say(options.json, tests, () => testsText(what, tests));
    return tests.length > 0 ? exitCodes.passed : exitCodes.nothingRan;
  });
}

function runsText(runs: readonly RunEntry[], isFiltered: boolean): string {
  if (runs.length === 0) return isFiltered ? "no such runs" : "no runs yet: apex run makes one";
  return table(
    runs.map((run) => [
      mark(run.status),
      run.id,
      timeText(run.startedMs),
      run.isFinished ? run.status : "interrupted",
      formatDuration(run.durationMs),
      run.runMode ?? (run.command?.join(" ") || "-"),
      run.environment,
      testsOf(run.counts),
      `${run.commit?.slice(0, 7) ?? "-"}${run.isDirty ? "+" : ""}${run.branch === undefined ? "" : ` ${run.branch}`}${
        run.isImported ? " (imported)" : ""
      }${run.resumes === undefined ? "" : ` (resumes ${run.resumes})`}`,
    ]),
    "    >",
  );
}

function categoryText(category: string, results: readonly NodeEntry[]): string {
  // A node that only stands for its shards has nothing to say beside them.
  const shown = results.filter(
    ({ node, run, counts }) =>
      node !== category || counts.total > 0 || !results.some((other) => other.run === run && other.node !== node),
  );
  const rows = shown.map((result) => [
    mark(result.status),
    result.run,
    timeText(result.startedMs),
    result.node === category ? "" : result.node,
    `${result.status}${result.isKept ? " (kept)" : result.isPartial ? " (a part)" : ""}${result.isFlaky ? ", flaky" : ""}`,
    formatDuration(result.durationMs),
    testsOf(result.counts),
    result.reason ?? "",
  ]);
  return `${plain(category)}: the newest ${shown.length}\n${table(rows, "     >")}`;
}

function testsText(text: string, tests: readonly TestHistory[]): string {
  if (tests.length === 0) return `no category and no test goes by ${JSON.stringify(plain(text))}`;
  return tests.map((test) => testText(test)).join("\n\n");
}

function testText(test: TestHistory): string {
  const { firstFailure, lastPass, p50Ms, p95Ms } = test;
  const name = formatTestSelector({ file: test.file, path: test.titles });
  const facts = [
    `${test.category} · ${test.id} · ${countText(test.runs, "run")}, ${test.runs === 0 ? "-" : percentText(test.passes / test.runs)} passed`,
    ...(p50Ms === undefined ? [] : [`p50 ${formatDuration(p50Ms)}, p95 ${formatDuration(p95Ms ?? p50Ms)}`]),
    ...(test.flakyCount === 0 ? [] : [`flaky ${countText(test.flakyCount, "time")}`]),
  ].join(" · ");
  return [
    plain(name),
    `  ${plain(facts)}`,
    ...(lastPass ? [`  last pass      ${timeText(lastPass.atMs)}  ${lastPass.run}`] : []),
    ...(firstFailure
      ? [
          `  first failure  ${timeText(firstFailure.atMs)}  ${firstFailure.run}`,
          ...(firstFailure.message === undefined ? [] : [`    ${plain(firstFailure.message.split("\n")[0] ?? "")}`]),
        ]
      : []),
    `  ${test.results.map(({ isPass, isFlaky }) => (isFlaky ? "~" : isPass ? "✓" : "✗")).join("")}`,
  ].join("\n");
}

function testsOf({ total, failed, skipped, flaky }: RunEntry["counts"]): string {
  if (total === 0) return "no test counts";
  const parts = [
    countText(total, "test"),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(flaky > 0 ? [`${flaky} flaky`] : []),
  ];
  return parts.join(", ");
}

function mark(status: RunEntry["status"]): string {
  return { passed: "✓", skipped: "○", cancelled: "○" }[status as string] ?? "✗";
}
