import path from "node:path";
import { exitCodes } from "@netra-apex/core";
import { exportRun, type ImportedRun, importRun, journalOf, journalState, readJournal } from "@netra-apex/store";
import { withStore } from "../history/with-store.ts";
import { findShownRun } from "./find-shown-run.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";
import { say } from "../table.ts";

/** `apex export RUN`: one file that any other machine can take in. */
export async function exportCommand(reference: string, options: PastOptions): Promise<number> {
  const { directory } = await findPast(options);
  const runId = findShownRun(directory, reference);
  const state = journalState(directory, runId);
  // What nobody could take in again is no export. Throws where the journal is damaged.
  for (const _ of readJournal(journalOf(directory, runId)));
  const file = path.resolve(options.output ?? `${runId}.apex.gz`);
  await exportRun(directory, runId, file);
  say(options.json, { runId, file, state }, () => {
    const so = state === "finished" ? "" : state === "running" ? " (as far as it has come)" : " (it was interrupted)";
    return `${runId}${so} is in ${path.relative(process.cwd(), file)}`;
  });
  return exitCodes.passed;
}

/** `apex import FILE…`: takes runs of other machines into the history. */
export async function importCommand(files: readonly string[], options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const imported: ImportedRun[] = [];
  try {
    for (const file of files) imported.push(await importRun(past.directory, path.resolve(file)));
  } finally {
    // What was taken in before one that cannot be is in.
    if (imported.length > 0) {
      await withStore(past, () => undefined);
      say(options.json, imported, () => imported.map(importedText).join("\n"));
    }
  }
  return exitCodes.passed;
}

function importedText({ runId, wasKnown }: ImportedRun): string {
  return wasKnown ? `${runId} was there already` : `${runId} is in the history`;
}
