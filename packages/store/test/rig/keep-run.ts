import type { Reporter, RunSummary } from "@netra-apex/core";
import {
  createRunDirectory,
  journalOf,
  JournalWriter,
  OpenStateRecorder,
  RunRecordFold,
  type RunToRecord,
  type Store,
} from "../../src/index.ts";
import { playRun, type RunScript } from "./play-run.ts";

/** Plays a run into its journal in a store's directory, and resolves with what its history is to have of it. */
export async function journalRun(
  directory: string,
  script: RunScript,
  others: readonly Reporter[] = [],
): Promise<RunToRecord & { readonly summary: RunSummary }> {
  createRunDirectory(directory, script.runId);
  const fold = new RunRecordFold();
  const openState = new OpenStateRecorder();
  const writer = new JournalWriter(journalOf(directory, script.runId));
  const summary = await playRun(script, [writer, fold, openState, ...others]);
  const { record } = fold;
  if (!record) throw new Error("the run told nothing");
  return { record, openState, summary };
}

/** Plays a run without a journal. */
export async function foldRun(script: RunScript): Promise<RunToRecord> {
  const fold = new RunRecordFold();
  const openState = new OpenStateRecorder();
  await playRun(script, [fold, openState]);
  const { record } = fold;
  if (!record) throw new Error("the run told nothing");
  return { record, openState };
}

/** Plays runs, one after another, into their journals and the history. */
export async function keepRuns(store: Store, directory: string, scripts: readonly RunScript[]): Promise<void> {
  for (const script of scripts) await store.record(await journalRun(directory, script));
}
