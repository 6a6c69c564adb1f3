import type { LayerId, NodeId, OutcomeStatus, PlanNode, RunId, TestCounts } from "@netra-apex/core";
import type { Database } from "../sql/open-database.ts";
import type { SqlRow } from "../sql/sql-driver.ts";
import { partsOf } from "./known-nodes.ts";
import { nearestRank } from "./recent-results.ts";

/** A run as a line of the history. */
export interface RunEntry {
  readonly id: RunId;
  /** Milliseconds since 1970, UTC. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly exitCode: number;
  /** Whether it came to its own end; otherwise it was killed. */
  readonly isFinished: boolean;
  readonly isImported: boolean;
  readonly runMode?: string;
  readonly environment: string;
  readonly commit?: string;
  readonly branch?: string;
  readonly isDirty?: boolean;
  readonly command?: readonly string[];
  readonly resumes?: RunId;
  readonly nodes: { readonly total: number; readonly kept: number };
  readonly counts: TestCounts;
}

/** Which runs are asked for. */
export interface RunFilter {
  readonly environment?: string | undefined;
  /** The newest ones. */
  readonly limit?: number | undefined;
  /** Started at or after, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
}

/** Runs, newest first. */
export function readRuns(database: Database, { environment, limit = -1, sinceMs = 0 }: RunFilter): RunEntry[] {
  return database
    .sql(
      `select * from run where started_ms >= ? and (? is null or environment = ?)
       order by started_ms desc, no desc limit ?`,
    )
    .all(sinceMs, environment ?? null, environment ?? null, limit)
    .map(runEntry);
}

function runEntry(row: SqlRow): RunEntry {
  const text = (column: string): string | undefined => (row[column] === null ? undefined : String(row[column]));
  const reason = text("reason");
  const runMode = text("run_mode");
  const commit = text("commit_id");
  const branch = text("branch");
  const command = text("command");
  const resumes = text("resumes");
  return {
    id: String(row["id"]),
    startedMs: Number(row["started_ms"]),
    durationMs: Number(row["duration_ms"]),
    status: String(row["status"]) as OutcomeStatus,
    ...(reason === undefined ? {} : { reason }),
    exitCode: Number(row["exit_code"]),
    isFinished: row["is_finished"] === 1,
    isImported: row["is_imported"] === 1,
    ...(runMode === undefined ? {} : { runMode }),
    environment: String(row["environment"]),
    ...(commit === undefined ? {} : { commit }),
    ...(branch === undefined ? {} : { branch }),
    ...(row["is_dirty"] === null ? {} : { isDirty: row["is_dirty"] === 1 }),
    ...(command === undefined ? {} : { command: JSON.parse(command) as string[] }),
    ...(resumes === undefined ? {} : { resumes }),
    nodes: { total: Number(row["nodes"]), kept: Number(row["kept"]) },
    counts: countsOf(row),
  };
}

function countsOf(row: SqlRow): TestCounts {
  return {
    total: Number(row["total"]),
    passed: Number(row["passed"]),
    failed: Number(row["failed"]),
    skipped: Number(row["skipped"]),
    flaky: Number(row["flaky"]),
  };
}

/** A node's or a category's result in one run. */
export interface NodeEntry {
  readonly run: RunId;
  readonly startedMs: number;
  readonly node: NodeId;
  readonly layer: LayerId;
  readonly category: string;
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly durationMs: number;
  readonly attempts: number;
  readonly isFlaky: boolean;
  readonly isKept: boolean;
  readonly isPartial: boolean;
  readonly counts: TestCounts;
}

/** Which results of a category are asked for. */
export interface CategoryQuery {
  readonly environment: string;
  readonly category: string;
  readonly limit?: number | undefined;
  /** Of runs that started at or after, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
}

/** The results of a category, newest first; those of its shards are among them. */
export function readCategory(
  database: Database,
  { environment, category, limit = 50, sinceMs = 0 }: CategoryQuery,
): NodeEntry[] {
  return database
    .sql(
      `select node_result.*, run.id as run_id from node_result join run on run.no = run
       where node_result.environment = ? and category = ? and node_result.started_ms >= ?
       order by node_result.started_ms desc, node limit ?`,
    )
    .all(environment, category, sinceMs, limit)
    .map((row) => ({
      run: String(row["run_id"]),
      startedMs: Number(row["started_ms"]),
      node: String(row["node"]),
      layer: String(row["layer"]),
      category: String(row["category"]),
      status: String(row["status"]) as OutcomeStatus,
      ...(row["reason"] === null ? {} : { reason: String(row["reason"]) }),
      durationMs: Number(row["duration_ms"]),
      attempts: Number(row["attempts"]),
      isFlaky: row["is_flaky"] === 1,
      isKept: row["is_kept"] === 1,
      isPartial: row["is_partial"] === 1,
      counts: countsOf(row),
    }));
}

/** How long nodes took when they passed whole, in milliseconds, oldest first: the newest 30 of each that has passed. */
export function readDurations(
  database: Database,
  { environment, nodes }: { readonly environment: string; readonly nodes: Iterable<PlanNode> },
): Map<NodeId, readonly number[]> {
  const durations = new Map<NodeId, readonly number[]>();
  for (const node of nodes) {
    const own = durationsOf(database, environment, { node: node.id, parts: partsOf(node) });
    if (own.length > 0) durations.set(node.id, own);
  }
  return durations;
}

const recentPasses = 30;

function durationsOf(
  database: Database,
  environment: string,
  { node, parts }: { readonly node: NodeId; readonly parts: number },
): number[] {
  const rows = database
    .sql(
      `select duration_ms from node_result where environment = ? and node = ? and status = 'passed' and is_partial = 0
       and is_kept = 0 and parts = ? order by started_ms desc limit ?`,
    )
    .all(environment, node, parts, recentPasses);
  return rows.map((row) => Number(row["duration_ms"])).reverse();
}

/** A layer's result in one run. */
export interface LayerEntry {
  readonly run: RunId;
  readonly startedMs: number;
  readonly layer: LayerId;
  readonly status: OutcomeStatus;
  readonly durationMs: number;
  readonly budgetMs?: number;
}

/** The results of layers in the newest runs of an environment, oldest first; those of which everything was kept are left out. */
export function readLayers(
  database: Database,
  { environment, runs = 30 }: { readonly environment: string; readonly runs?: number },
): LayerEntry[] {
  return database
    .sql(
      `select run.id as run_id, run.started_ms as at_ms, layer_result.* from
         (select * from run where environment = ? and kept = 0 order by started_ms desc limit ?) as run
       join layer_result on layer_result.run = run.no order by run.started_ms, run.no`,
    )
    .all(environment, runs)
    .map((row) => ({
      run: String(row["run_id"]),
      startedMs: Number(row["at_ms"]),
      layer: String(row["layer"]),
      status: String(row["status"]) as OutcomeStatus,
      durationMs: Number(row["duration_ms"]),
      ...(row["budget_ms"] === null ? {} : { budgetMs: Number(row["budget_ms"]) }),
    }));
}

/** What the runs of an environment amount to for one category. */
export interface CategoryStats {
  readonly category: string;
  /** Runs in which it came to a result of its own. */
  readonly runs: number;
  readonly passed: number;
  readonly failed: number;
  readonly flaky: number;
  /** 0 to 1. */
  readonly successRate: number;
  /** Of its passes, the newest 30, in milliseconds; absent when it never passed whole. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** Tests in the newest result. */
  readonly tests: number;
  readonly lastStatus: Extract<OutcomeStatus, "passed" | "failed">;
  /** When the newest of these runs started, in milliseconds since 1970. */
  readonly lastMs: number;
}

/** Statistics of every category that ever ran in an environment, by name; what ran in shards counts as one. */
export function readCategoryStats(database: Database, environment: string): CategoryStats[] {
  const rows = database
    .sql(
      `select category, run, started_ms,
         max(status in ('failed', 'timed-out', 'errored', 'inconclusive')) as is_failed,
         max(status = 'passed') as is_passed, max(is_flaky) as is_flaky,
         max(offset_ms + duration_ms) - min(offset_ms) as duration_ms,
         max(total) as most, sum(case when parts = 0 or node != category then total else 0 end) as told
       from node_result where environment = ? and is_kept = 0 and is_partial = 0 and status not in ('skipped', 'cancelled')
       group by category, run order by category, started_ms`,
    )
    .all(environment);
  const byCategory = new Map<string, SqlRow[]>();
  for (const row of rows) {
    const category = String(row["category"]);
    const results = byCategory.get(category);
    if (results) results.push(row);
    else byCategory.set(category, [row]);
  }
  return [...byCategory].map(([category, results]) => categoryStats(category, results));
}

/** `results`: one of each run, oldest first; at least one. */
function categoryStats(category: string, results: readonly SqlRow[]): CategoryStats {
  const isPass = (row: SqlRow): boolean => row["is_failed"] === 0 && row["is_passed"] === 1;
  const passes = results.filter(isPass);
  const sorted = passes
    .slice(-recentPasses)
    .map((row) => Number(row["duration_ms"]))
    .sort((left, right) => left - right);
  const newest = results.at(-1) ?? {};
  return {
    category,
    runs: results.length,
    passed: passes.length,
    failed: results.filter((row) => row["is_failed"] === 1).length,
    flaky: results.filter((row) => row["is_flaky"] === 1).length,
    successRate: passes.length / results.length,
    ...(sorted.length === 0 ? {} : { p50Ms: nearestRank(sorted, 0.5), p95Ms: nearestRank(sorted, 0.95) }),
    tests: Math.max(Number(newest["told"]), Number(newest["most"])),
    lastStatus: isPass(newest) ? "passed" : "failed",
    lastMs: Number(newest["started_ms"]),
  };
}
