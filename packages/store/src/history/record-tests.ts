import type { Database } from "../sql/open-database.ts";
import type { SqlRow } from "../sql/sql-driver.ts";
import { addResult, packResults, type RecentResult, statsOf, unpackResults } from "./recent-results.ts";
import type { RunRecord } from "./run-record.ts";
import { digest } from "./digest.ts";
import { findMoved } from "./find-moved.ts";

type TestOfRun = RunRecord["tests"][number];

/** Adds the tests of a run to what is known of each. */
export function recordTests(database: Database, run: number, record: RunRecord): void {
  const { environment } = record;
  const find = database.sql(
    "select * from test where environment = ? and category = ? and file = ? and titles = ? and occurrence = ?",
  );
  const fresh: TestOfRun[] = [];
  const write = testWriter(database, run, record);
  for (const test of record.tests) {
    const row = find.get(environment, test.category, test.file, titlesOf(test), test.occurrence);
    if (row) write(test, row);
    else fresh.push(test);
  }
  for (const { test, movedFrom } of findMoved(database, record, fresh)) write(test, movedFrom);
}

function testWriter(database: Database, run: number, record: RunRecord) {
  const { id: runId, startedMs, environment } = record;
  const inputsOf = memoized((command: string) =>
    record.inputs ? digest(JSON.stringify([record.inputs.inputFingerprint, environment, command]), 8) : "",
  );
  const insert = database.sql(
    `insert into test (environment, id, category, file, titles, occurrence, runs, passes, failures, last_status, last_run,
       last_ms, flaky_count, recent) values (?, ?, ?, ?, ?, ?, 0, 0, 0, '', '', 0, 0, '[]') returning *`,
  );
  const update = database.sql(
    `update test set file = ?, runs = ?, passes = ?, failures = ?, last_status = ?, last_run = ?, last_ms = ?, p50_ms = ?,
       p95_ms = ?, flaky_count = ?, flaky_ms = ?, last_pass_run = ?, last_pass_ms = ?, first_failure_run = ?,
       first_failure_ms = ?, first_failure_message = ?, recent = ? where no = ?`,
  );
  return (test: TestOfRun, known: SqlRow | undefined): void => {
    const place = [
      environment,
      idOf(database, test),
      test.category,
      test.file,
      titlesOf(test),
      test.occurrence,
    ] as const;
    const row = known ?? insert.get(...place) ?? {};
    const hasRun = test.status !== "skipped" && test.status !== "todo";
    const isPass = test.status === "passed";
    const isNewest = startedMs >= Number(row["last_ms"]);
    const inputs = inputsOf(test.command);
    const before = unpackResults(String(row["recent"]));
    const result: RecentResult = {
      run,
      atMs: startedMs,
      isPass,
      durationMs: test.durationMs,
      inputs,
      isFlaky: test.isFlaky,
    };
    const recent = hasRun ? addResult(before, result) : before;
    const stats = statsOf(recent);
    const streak = streakOf(recent, row, { runId, test, run });
    update.run(
      test.file,
      Number(row["runs"]) + Number(hasRun),
      Number(row["passes"]) + Number(isPass),
      Number(row["failures"]) + Number(hasRun && !isPass),
      isNewest ? test.status : (row["last_status"] ?? null),
      isNewest ? runId : (row["last_run"] ?? null),
      Math.max(startedMs, Number(row["last_ms"])),
      recent.length === 0 ? null : stats.p50Ms,
      recent.length === 0 ? null : stats.p95Ms,
      stats.flakyCount,
      stats.flakyMs ?? null,
      ...streak,
      packResults(recent),
      row["no"] ?? null,
    );
  };
}

/** The last pass, and the first failure since: run, time and message. Results are told in any order of time. */
function streakOf(
  recent: readonly RecentResult[],
  row: SqlRow,
  { runId, test, run }: { readonly runId: string; readonly test: TestOfRun; readonly run: number },
) {
  let passRun = row["last_pass_run"] ?? null;
  let passMs = row["last_pass_ms"] ?? null;
  let failRun = row["first_failure_run"] ?? null;
  let failMs = row["first_failure_ms"] ?? null;
  let message = row["first_failure_message"] ?? null;
  const lastPass = recent.findLast(({ isPass }) => isPass);
  if (lastPass?.run === run) {
    passRun = runId;
    passMs = lastPass.atMs;
  }
  const firstFailure = recent.slice(lastPass ? recent.lastIndexOf(lastPass) + 1 : 0)[0];
  if (!firstFailure) failRun = failMs = message = null;
  else if (
    firstFailure.run === run &&
    (failMs === null || firstFailure.atMs < Number(failMs) || lastPass !== undefined)
  ) {
    failRun = runId;
    failMs = firstFailure.atMs;
    message = test.message ?? null;
  }
  return [passRun, passMs, failRun, failMs, message] as const;
}

/** Stays with a test for good, also when it moves to another file; the same on every machine that saw it here first. */
function idOf(database: Database, { category, file, titles, occurrence }: TestOfRun): string {
  const id = digest(JSON.stringify([category, file, ...titles, occurrence]), 16);
  const others = database.sql("select 1 from test where id = ? and (category != ? or file != ? or titles != ?)");
  // A test that has moved away keeps the id that a new one in its place would get.
  return others.get(id, category, file, titlesOf({ titles })) ? digest(`${id} again`, 16) : id;
}

/** As it stands in the database. */
function titlesOf({ titles }: Pick<TestOfRun, "titles">): string {
  return JSON.stringify(titles);
}

function memoized(compute: (key: string) => string): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}
