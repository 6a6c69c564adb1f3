import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import type { RunId } from "@netra-apex/core";
import { journalState, listJournals } from "./journal/find-run.ts";
import { runDirectoryOf, sizeOfRun, stagingPrefix, storeFiles } from "./journal/run-directory.ts";
import type { Database } from "./sql/open-database.ts";

/**
 * What is kept of past runs; what a limit leaves out goes, the oldest runs first. Where nothing is said: 200 runs, 90 days,
 * 2 GiB.
 */
export interface RetentionPolicy {
  /** Journals, logs and reports of as many runs. */
  readonly keepRuns?: number | undefined;
  /** Of runs that started within this time, in milliseconds. */
  readonly maxAgeMs?: number | undefined;
  /** All of them together, in bytes. */
  readonly maxBytes?: number | undefined;
}

const defaults = {
  keepRuns: 200,
  maxAgeMs: 90 * 24 * 3_600_000,
  maxBytes: 2 * 1024 ** 3,
} as const;

const removedPrefix = ".removed-";

/** Nobody takes so long to remove or import a run. */
const leftOverMs = 24 * 3_600_000;

/** Rows of the history are small: they stay this many times as long as the files, and as many times more of them. */
const rowsFactor = 10;

/**
 * Removes what the policy does not keep, and returns the runs whose files went. Runs that are under way stay, and so do,
 * while a test fails, the run of its last pass and that of its first failure since, for comparing them.
 */
export async function applyRetention(
  store: string,
  database: Database,
  policy: RetentionPolicy,
  nowMs: number,
): Promise<RunId[]> {
  const { keepRuns = defaults.keepRuns, maxAgeMs = defaults.maxAgeMs, maxBytes = defaults.maxBytes } = policy;
  const kept = protectedRuns(database);
  const started = new Map(
    database
      .sql("select id, started_ms from run")
      .all()
      .map((row) => [String(row["id"]), Number(row["started_ms"])]),
  );
  const newestFirst = listJournals(store).reverse();
  const removed: RunId[] = [];
  let bytes = 0;
  for (const [index, id] of newestFirst.entries()) {
    const startedMs = started.get(id);
    // What is not in the history yet is nothing to throw away.
    if (startedMs === undefined) continue;
    const isOver = index >= keepRuns || nowMs - startedMs > maxAgeMs || bytes > maxBytes;
    const size = isOver ? 0 : sizeOfRun(store, id);
    bytes += size;
    if (!isOver && (bytes <= maxBytes || index === 0)) continue;
    if (kept.has(id) || journalState(store, id) === "running") continue;
    if (removeRun(store, id)) removed.push(id);
  }
  removeLeftOvers(store, nowMs);
  // A run that has its journal still would be found and added a second time.
  const withJournal = JSON.stringify(listJournals(store));
  await database.transaction(() => {
    const oldest = nowMs - maxAgeMs * rowsFactor;
    database
      .sql(
        `delete from run where id not in (select value from json_each(?)) and
           (started_ms < ? or no in (select no from run order by started_ms desc limit -1 offset ?))`,
      )
      .run(withJournal, oldest, keepRuns * rowsFactor);
    database.sql("delete from test where last_ms < ?").run(oldest);
  });
  return removed;
}

/** Out of sight first: a half of a run, left by a crash, must not pass for one. */
function removeRun(store: string, id: RunId): boolean {
  const aside = path.join(store, storeFiles.runs, `${removedPrefix}${id}`);
  try {
    renameSync(runDirectoryOf(store, id), aside);
    rmSync(aside, { recursive: true, force: true });
    return true;
  } catch {
    // Not ours to remove, or another process does so: it is tried again the next time.
    return false;
  }
}

/** What processes that were killed have left of removing and importing runs. */
function removeLeftOvers(store: string, nowMs: number): void {
  const runs = path.join(store, storeFiles.runs);
  for (const name of namesIn(runs)) {
    if (!name.startsWith(removedPrefix) && !name.startsWith(stagingPrefix)) continue;
    const leftOver = path.join(runs, name);
    const changed = statSync(leftOver, { throwIfNoEntry: false });
    if (!changed || nowMs - changed.mtimeMs < leftOverMs) continue;
    try {
      rmSync(leftOver, { recursive: true, force: true });
    } catch {
      // As above.
    }
  }
}

function protectedRuns(database: Database): Set<RunId> {
  const rows = database
    .sql(
      `select distinct first_failure_run as id from test where first_failure_run is not null
       union select distinct last_pass_run from test where first_failure_run is not null and last_pass_run is not null`,
    )
    .all();
  return new Set(rows.map((row) => String(row["id"])));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
