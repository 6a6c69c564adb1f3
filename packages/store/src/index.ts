// The journal of a run
export { JournalWriteError, JournalWriter } from "./journal/journal-writer.ts";
export { createJournalFile, type JournalFile } from "./journal/journal-file.ts";
export { JournalDamagedError, type JournalEnd, JournalUnreadableError, readJournal } from "./journal/read-journal.ts";
export { replayJournal } from "./journal/replay.ts";
export { findRun, type JournalState, journalState, listJournals, RunNotFoundError } from "./journal/find-run.ts";
export {
  createRunDirectory,
  journalOf,
  keepOutOfGit,
  RunDirectoryError,
  runDirectoryOf,
} from "./journal/run-directory.ts";

// What runs amount to
export { type CaughtUp, Store } from "./store.ts";
export { type RebuiltStore, rebuildStore } from "./rebuild-store.ts";
export type { RetentionPolicy } from "./retention.ts";
export { RunRecordFold } from "./history/run-record-fold.ts";
export type { RecordedAttempt, RecordedLayer, RecordedNode, RecordedTest, RunRecord } from "./history/run-record.ts";
export type { RunToRecord } from "./history/record-run.ts";
export type {
  CategoryQuery,
  CategoryStats,
  LayerEntry,
  NodeEntry,
  RunEntry,
  RunFilter,
} from "./history/run-queries.ts";
export type { TestEntry, TestFilter, TestHistory, TestQuery } from "./history/test-queries.ts";
export type { RecentResult } from "./history/recent-results.ts";
export { commandOf } from "./history/known-nodes.ts";

// What runs have left open
export type { CategoryState, LastPass } from "./open-state/open-state.ts";
export { type NodeEnd, OpenStateRecorder } from "./open-state/open-state-recorder.ts";

// A run that is kept
export { type PastRuns, RunKeeper, type SettledRun } from "./keeper/run-keeper.ts";
export { budgetWarnings } from "./keeper/budget-warnings.ts";
export { ownPlaces, storeDirectory } from "./keeper/store-directory.ts";
export { identifyInputs } from "./inputs/identify-inputs.ts";

// Runs as files
export { exportRun } from "./portable/export-run.ts";
export { type ImportedRun, importRun } from "./portable/import-run.ts";
export { PortableRunError } from "./portable/portable-errors.ts";

// The database
export { StoreError, type StoreErrorCode } from "./sql/store-errors.ts";
export type { OpenDatabaseOptions } from "./sql/open-database.ts";
export type { SqlConnection, SqlDriver, SqlOpenOptions, SqlRow, SqlStatement, SqlValue } from "./sql/sql-driver.ts";
export type { Migrations } from "./sql/migrations.ts";
