import { describeThrown, isApexError, type RunId } from "@netra-apex/core";
import { recordRun } from "./history/record-run.ts";
import { RunRecordFold } from "./history/run-record-fold.ts";
import { replayJournal } from "./journal/replay.ts";
import { isImported, journalOf } from "./journal/run-directory.ts";
import { OpenStateRecorder } from "./open-state/open-state-recorder.ts";
import type { Database } from "./sql/open-database.ts";

/**
 * Adds a run to the history from its journal. Of a damaged journal it takes what stands before the damage, which makes the
 * run an interrupted one, and says what is wrong with it. Nothing is added for a run that was killed before its first event.
 * Throws `StoreError`.
 */
export async function recordJournal(
  store: string,
  database: Database,
  runId: RunId,
): Promise<{ readonly isRecorded: boolean; readonly problem?: string }> {
  const fold = new RunRecordFold();
  const openState = new OpenStateRecorder();
  let problem: string | undefined;
  try {
    replayJournal(store, runId, [fold, openState]);
  } catch (error) {
    // Another program may have written what is no event of ours, though it looks like one.
    problem = isApexError(error) ? error.message : `${journalOf(store, runId)}: ${describeThrown(error)}`;
  }
  const told = problem === undefined ? {} : { problem };
  const { record } = fold;
  if (!record) return { isRecorded: false, ...told };
  if (record.id !== runId) return { isRecorded: false, problem: `the journal of ${runId} tells of ${record.id}` };
  if (!record.isFinished) openState.interrupt();
  await recordRun(database, { record, openState, isImported: isImported(store, runId) });
  return { isRecorded: true, ...told };
}
