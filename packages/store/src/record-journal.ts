import { existsSync } from "node:fs";
import path from "node:path";
import { isApexError, type RunId } from "@netra-apex/core";
import { recordRun } from "./history/record-run.ts";
import { RunRecordFold } from "./history/run-record-fold.ts";
import { replayJournal } from "./journal/replay.ts";
import { runDirectoryOf } from "./journal/run-directory.ts";
import { OpenStateRecorder } from "./open-state/open-state-recorder.ts";
import type { Database } from "./sql/open-database.ts";

/** In the directory of a run that was made elsewhere. */
export const originFile = "origin.json";

/**
 * Adds a run to the history from its journal. Of a damaged journal it takes what stands before the damage, which makes the
 * run an interrupted one, and returns what is wrong with it. Throws `StoreError`.
 */
export async function recordJournal(store: string, database: Database, runId: RunId): Promise<string | undefined> {
  const fold = new RunRecordFold();
  const openState = new OpenStateRecorder();
  let problem: string | undefined;
  try {
    replayJournal(store, runId, [fold, openState]);
  } catch (error) {
    if (!isApexError(error)) throw error;
    problem = error.message;
  }
  const { record } = fold;
  if (record?.id !== runId) return problem ?? `the journal of ${runId} does not tell of that run`;
  if (!record.isFinished) openState.interrupt();
  const isImported = existsSync(path.join(runDirectoryOf(store, runId), originFile));
  await recordRun(database, { record, openState, isImported });
  return problem;
}
