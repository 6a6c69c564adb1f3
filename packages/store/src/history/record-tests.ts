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

/** Takes what a run has told of its tests back. */
export function forgetTests(database: Database, run: number): void {
  const rows = database
    .sql("select no, recent, runs, passes, failures from test where recent like ?")
    .all(`%[${run},%`);
  const update = database.sql("update test set recent = ?, runs = ?, passes = ?, failures = ? where no = ?");
  for (const row of rows) {
    const recent = unpackResults(String(row["recent"]));
    const told = recent.filter((result) => result.run === run);
    const passes = told.filter(({ isPass }) => isPass).length;
    update.run(
      packResults(recent.filter((result) => result.run !== run)),
      Number(row["runs"]) - told.length,
      Number(row["passes"]) - passes,
      Number(row["failures"]) - (told.length - passes),
      row["no"] ?? null,
    );
  }
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
  const streakOf = streakReader(database);
  return (test: TestOfRun, knownRow: SqlRow | undefined): void => {
    const row = knownRow ?? insert.get(...newPlace(database, environment, test)) ?? {};
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
      ...(test.message === undefined ? {} : { message: test.message }),
    };
    const recent = hasRun ? addResult(before, result) : before;
    const stats = statsOf(recent);
    const streak = streakOf(row, recent, hasRun ? { ...result, runId } : undefined);
    update.run(
      // Where it was before it moved is no news.
      isNewest ? test.file : (row["file"] ?? null),
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

/** A time at which a test passed or failed. */
interface StreakEnd {
  readonly atMs: number;
  /** Number or id of the run. */
  readonly run: number | string;
  readonly message?: string | undefined;
}

/**
 * The last pass, and the first failure since: run, time and message. Results come in any order of time, and those that the
 * row tells of may be older than all that are kept.
 */
function streakReader(database: Database) {
  const idOfRun = database.sql("select id from run where no = ?");
  const nameOf = ({ run }: StreakEnd) => (typeof run === "string" ? run : (idOfRun.get(run)?.["id"] ?? null));
  return (row: SqlRow, recent: readonly RecentResult[], result: (RecentResult & { runId: string }) | undefined) => {
    const added = result ? [{ ...result, run: result.runId }] : [];
    const passes = [...knownEnd(row, "last_pass"), ...added.filter(({ isPass }) => isPass)];
    const pass = passes.reduce<StreakEnd | undefined>(
      (last, one) => (last && last.atMs > one.atMs ? last : one),
      undefined,
    );
    const failures = [
      ...knownEnd(row, "first_failure"),
      ...added.filter(({ isPass }) => !isPass),
      ...recent.filter(({ isPass }) => !isPass),
    ].filter(({ atMs }) => !pass || atMs > pass.atMs);
    const failure = failures.reduce<StreakEnd | undefined>(
      (first, one) => (first && first.atMs <= one.atMs ? first : one),
      undefined,
    );
    return [
      pass ? nameOf(pass) : null,
      pass?.atMs ?? null,
      failure ? nameOf(failure) : null,
      failure?.atMs ?? null,
      failure?.message ?? null,
    ] as const;
  };
}

function knownEnd(row: SqlRow, what: "last_pass" | "first_failure"): StreakEnd[] {
  const run = row[`${what}_run`] ?? null;
  if (run === null) return [];
  const message = row[`${what}_message`] ?? null;
  return [
    { run: String(run), atMs: Number(row[`${what}_ms`]), ...(message === null ? {} : { message: String(message) }) },
  ];
}

function newPlace(database: Database, environment: string, test: TestOfRun) {
  const { category, file, occurrence } = test;
  return [environment, freeId(database, environment, test), category, file, titlesOf(test), occurrence] as const;
}

/** Stays with a test for good, also when it moves to another file; the same on every machine that saw it here first. */
function freeId(database: Database, environment: string, { category, file, titles, occurrence }: TestOfRun): string {
  const holder = database.sql("select 1 from test where environment = ? and id = ?");
  let id = digest(JSON.stringify([category, file, ...titles, occurrence]), 16);
  // A test that has moved away keeps the id that a new one in its place would get.
  while (holder.get(environment, id)) id = digest(`${id} again`, 16);
  return id;
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
