import type { RunId, TestStatus } from "@netra-apex/core";
import type { Database } from "../sql/open-database.ts";
import type { SqlRow } from "../sql/sql-driver.ts";
import { flakyResults, type RecentResult, unpackResults } from "./recent-results.ts";

/** What is known of one test. */
export interface TestEntry {
  /** Stays the same when the test moves to another file. */
  readonly id: string;
  readonly category: string;
  /** Relative to the category's working directory; empty where its reports name none. */
  readonly file: string;
  /** Suites, outermost first, then the test's own title. */
  readonly titles: readonly string[];
  /** Runs in which it ran, passed and failed, of all time. */
  readonly runs: number;
  readonly passes: number;
  readonly failures: number;
  readonly lastStatus: TestStatus;
  readonly lastRun: RunId;
  /** Start of that run, in milliseconds since 1970. */
  readonly lastMs: number;
  /** Of its recent passes, in milliseconds; absent for a test that never ran. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** Times at which it was flaky, among its recent results. */
  readonly flakyCount: number;
  readonly flakyMs?: number;
  readonly lastPass?: { readonly run: RunId; readonly atMs: number };
  /** Of the failures since its last pass; absent for a test that passed last. */
  readonly firstFailure?: { readonly run: RunId; readonly atMs: number; readonly message?: string };
}

/** Which tests are asked for. */
export interface TestFilter {
  readonly environment: string;
  readonly category?: string | undefined;
  readonly limit?: number | undefined;
}

/** Tests by their 95th percentile, the slowest first. */
export function readSlowest(database: Database, { environment, category, limit = 20 }: TestFilter): TestEntry[] {
  return database
    .sql(
      `select * from test where environment = ? and p95_ms is not null and (? is null or category = ?)
       order by p95_ms desc, no limit ?`,
    )
    .all(environment, category ?? null, category ?? null, limit)
    .map(testEntry);
}

/** Tests that were flaky at or after a time, those that were so most often first. */
export function readFlaky(
  database: Database,
  { environment, category, limit = -1, sinceMs = 0 }: TestFilter & { readonly sinceMs?: number },
): TestEntry[] {
  return database
    .sql(
      `select * from test where environment = ? and flaky_ms >= ? and (? is null or category = ?)
       order by flaky_count desc, flaky_ms desc, no limit ?`,
    )
    .all(environment, sinceMs, category ?? null, category ?? null, limit)
    .map(testEntry);
}

/** A test with its recent results, oldest first. */
export interface TestHistory extends TestEntry {
  readonly results: readonly (Omit<RecentResult, "run" | "message"> & {
    /** Absent where the run is forgotten. */ readonly run?: RunId;
  })[];
}

/** Which tests are looked for. */
export interface TestQuery {
  readonly environment: string;
  /** An id, or a part of file and titles. */
  readonly text: string;
  readonly limit?: number | undefined;
  /** That were in a run which started at or after, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
}

/** Tests whose id is, or whose file and titles contain, a text (without regard to case). */
export function readTests(
  database: Database,
  { environment, text, limit = 20, sinceMs = 0 }: TestQuery,
): TestHistory[] {
  const wanted = text.toLowerCase();
  const matches = database
    .sql("select no, id, file, titles from test where environment = ? and last_ms >= ? order by category, file, no")
    .all(environment, sinceMs)
    // Not in SQL, whose `lower` knows the letters of English only.
    .filter(({ id, file, titles }) => {
      const named = [file, ...(JSON.parse(String(titles)) as string[])].join("::");
      return id === text || named.toLowerCase().includes(wanted);
    });
  const select = database.sql("select * from test where no = ?");
  const rows = matches.slice(0, limit).flatMap(({ no = null }): SqlRow[] => {
    const row = select.get(no);
    return row ? [row] : [];
  });
  const runs = database.sql("select id from run where no = ?");
  return rows.map((row) => {
    const recent = unpackResults(String(row["recent"]));
    const flaky = flakyResults(recent);
    const results = recent.map((one) => {
      const { run, message: _message, ...result } = one;
      const known = runs.get(run);
      return { ...result, isFlaky: flaky.has(one), ...(known ? { run: String(known["id"]) } : {}) };
    });
    return { ...testEntry(row), results };
  });
}

/** How long the files of a category take, the medians of their tests together, in milliseconds. */
export function readFileDurations(
  database: Database,
  { environment, category }: { readonly environment: string; readonly category: string },
): Map<string, number> {
  const rows = database
    .sql(
      `select file, sum(p50_ms) as ms from test where environment = ? and category = ? and file != '' and p50_ms is not null
       group by file`,
    )
    .all(environment, category);
  return new Map(rows.map((row) => [String(row["file"]), Number(row["ms"])]));
}

function testEntry(row: SqlRow): TestEntry {
  const firstFailureMs = row["first_failure_ms"];
  return {
    id: String(row["id"]),
    category: String(row["category"]),
    file: String(row["file"]),
    titles: JSON.parse(String(row["titles"])) as string[],
    runs: Number(row["runs"]),
    passes: Number(row["passes"]),
    failures: Number(row["failures"]),
    lastStatus: String(row["last_status"]) as TestStatus,
    lastRun: String(row["last_run"]),
    lastMs: Number(row["last_ms"]),
    ...(row["p50_ms"] === null ? {} : { p50Ms: Number(row["p50_ms"]), p95Ms: Number(row["p95_ms"]) }),
    flakyCount: Number(row["flaky_count"]),
    ...(row["flaky_ms"] === null ? {} : { flakyMs: Number(row["flaky_ms"]) }),
    ...(row["last_pass_run"] === null
      ? {}
      : { lastPass: { run: String(row["last_pass_run"]), atMs: Number(row["last_pass_ms"]) } }),
    ...(firstFailureMs === null
      ? {}
      : {
          firstFailure: {
            run: String(row["first_failure_run"]),
            atMs: Number(firstFailureMs),
            ...(row["first_failure_message"] === null ? {} : { message: String(row["first_failure_message"]) }),
          },
        }),
  };
}
