import type { Database } from "../sql/open-database.ts";
import { recordOpenState } from "../open-state/record-open-state.ts";
import type { OpenStateRecorder } from "../open-state/open-state-recorder.ts";
import { forgetTests, recordTests } from "./record-tests.ts";
import type { RunRecord } from "./run-record.ts";

/** A run, and where it comes from. */
export interface RunToRecord {
  readonly record: RunRecord;
  readonly openState: OpenStateRecorder;
  /** It was made elsewhere: what it left open is not this project's to close. */
  readonly isImported?: boolean;
}

/**
 * Adds a run to the history, all of it or nothing; one that is there already stays as it is, unless it was taken for interrupted
 * and has come to its end since. Throws `StoreError`.
 */
export async function recordRun(database: Database, { record, openState, isImported = false }: RunToRecord) {
  const add = (): boolean => {
    const known = database.sql("select no, is_finished from run where id = ?").get(record.id);
    if (known && (known["is_finished"] === 1 || !record.isFinished)) return false;
    if (known) {
      database.sql("delete from run where id = ?").run(record.id);
      forgetTests(database, Number(known["no"]));
    }
    const run = insertRun(database, record, isImported);
    insertLayers(database, run, record);
    insertNodes(database, run, record);
    recordTests(database, run, record);
    if (!isImported) recordOpenState(database, record, openState);
    return true;
  };
  // It adds to rows that it reads first.
  return database.transaction(() => database.read(add));
}

function insertRun(database: Database, record: RunRecord, isImported: boolean): number {
  const { inputs, counts } = record;
  const row = database
    .sql(
      `insert into run (id, started_ms, duration_ms, status, reason, exit_code, is_finished, is_imported, run_mode,
         environment, inputs, commit_id, branch, is_dirty, command, resumes, nodes, kept, total, passed, failed, skipped, flaky)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning no`,
    )
    .get(
      record.id,
      record.startedMs,
      record.durationMs,
      record.status,
      record.reason ?? null,
      record.exitCode,
      Number(record.isFinished),
      Number(isImported),
      record.runMode ?? null,
      record.environment,
      inputs?.inputFingerprint ?? null,
      inputs?.commit ?? null,
      inputs?.branch ?? null,
      inputs?.isDirty === undefined ? null : Number(inputs.isDirty),
      record.command ? JSON.stringify(record.command) : null,
      record.resumes ?? null,
      record.nodeCount,
      record.keptCount,
      counts.total,
      counts.passed,
      counts.failed,
      counts.skipped,
      counts.flaky,
    );
  return Number(row?.["no"]);
}

function insertLayers(database: Database, run: number, { layers }: RunRecord): void {
  const insert = database.sql(
    "insert or ignore into layer_result (run, layer, name, status, duration_ms, budget_ms) values (?, ?, ?, ?, ?, ?)",
  );
  for (const { id, name, status, durationMs, budgetMs } of layers) {
    insert.run(run, id, name, status, durationMs, budgetMs ?? null);
  }
}

function insertNodes(database: Database, run: number, { nodes, environment, startedMs }: RunRecord): void {
  const insertNode = database.sql(
    `insert or ignore into node_result (run, node, layer, category, environment, started_ms, status, reason, failure_class,
       duration_ms, attempts, is_flaky, is_partial, is_kept, parts, offset_ms, total, passed, failed, skipped, flaky, exit_code)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertAttempt = database.sql(
    `insert or ignore into attempt_result (run, node, attempt, status, reason, duration_ms, total, passed, failed, skipped)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const node of nodes) {
    const { counts } = node;
    insertNode.run(
      run,
      node.id,
      node.layerId,
      node.category,
      environment,
      startedMs,
      node.status,
      node.reason ?? null,
      node.failureClass ?? null,
      node.durationMs,
      node.attempts.length,
      Number(node.isFlaky),
      Number(node.isPartial),
      Number(node.isKept),
      node.parts,
      node.offsetMs,
      counts.total,
      counts.passed,
      counts.failed,
      counts.skipped,
      counts.flaky,
      node.exitCode ?? null,
    );
    for (const { attempt, status, reason, durationMs, counts: its } of node.attempts) {
      const numbers = [its.total, its.passed, its.failed, its.skipped] as const;
      insertAttempt.run(run, node.id, attempt, status, reason ?? null, durationMs, ...numbers);
    }
  }
}
