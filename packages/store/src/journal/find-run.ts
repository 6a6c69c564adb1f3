import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { ApexError, type RunId } from "@netra-apex/core";
import { isImported, isRunUnderWay, journalOf, listRunDirectories } from "./run-directory.ts";

/** No run, or more than one, goes by what was asked for. */
export class RunNotFoundError extends ApexError {
  readonly code = "APEX_RUN_NOT_FOUND";
}

/** How far the run of a journal is. */
export type JournalState = "finished" | "running" | "interrupted";

/** Ids of the runs that have a journal, oldest first. */
export function listJournals(store: string): RunId[] {
  return listRunDirectories(store).filter((id) => hasJournal(store, id));
}

/** Whether a run has told anything: one that was killed before its first event has not. */
export function hasJournal(store: string, runId: RunId): boolean {
  return (statSync(journalOf(store, runId), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * The run that a person means: its whole id, any beginning or end of it that no other run has, or `latest`, the newest that was not
 * imported and that `isMeant`. Throws `RunNotFoundError`.
 */
export function findRun(store: string, reference: string, isMeant: (id: RunId) => boolean = () => true): RunId {
  const runs = listJournals(store);
  if (reference === "latest") {
    const latest = runs.findLast((id) => !isImported(store, id) && isMeant(id));
    if (latest !== undefined) return latest;
    throw new RunNotFoundError(`there is no run of this machine yet (${store})`, { hint: "apex run makes one" });
  }
  if (runs.includes(reference)) return reference;
  const matches = reference === "" ? [] : runs.filter((id) => id.startsWith(reference) || id.endsWith(reference));
  const [match] = matches;
  if (match === undefined) {
    throw new RunNotFoundError(`there is no run ${JSON.stringify(reference)} (${store})`, {
      hint: "apex history lists them; latest is the newest one",
    });
  }
  if (matches.length > 1) {
    const shown = matches.slice(0, 5).join(", ") + (matches.length > 5 ? ", …" : "");
    throw new RunNotFoundError(`${JSON.stringify(reference)} could be ${matches.length} runs: ${shown}`, {
      hint: "give more of its id",
    });
  }
  return match;
}

/** How far a run is, by the end of its journal and by its process. */
export function journalState(store: string, runId: RunId): JournalState {
  if (isJournalComplete(journalOf(store, runId))) return "finished";
  const isUnderWay = isRunUnderWay(store, runId) ?? isFresh(journalOf(store, runId));
  return isUnderWay ? "running" : "interrupted";
}

/** Nothing tells whether a process of another machine or container lives, but that it writes. */
const quietMs = 3_600_000;

function isFresh(file: string): boolean {
  const changed = statSync(file, { throwIfNoEntry: false });
  return changed !== undefined && Date.now() - changed.mtimeMs < quietMs;
}

/** Enough for `run_completed` and what can follow it, unless the run's reason is a very long text. */
const tailBytes = 64 * 1024;

function isJournalComplete(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(descriptor);
    for (let bytes = tailBytes; ; bytes *= 16) {
      const tail = Buffer.alloc(Math.min(size, bytes));
      readSync(descriptor, tail, 0, tail.length, size - tail.length);
      const lines = tail.toString("utf8").split("\n");
      // The first one may have begun before.
      const whole = tail.length === size ? lines : lines.slice(1);
      if (whole.some(endsRun)) return true;
      if (tail.length === size || whole.length > 1) return false;
    }
  } catch {
    // It went, or is a directory.
    return false;
  } finally {
    closeSync(descriptor);
  }
}

function endsRun(line: string): boolean {
  if (!line.includes('"type":"run_completed"')) return false;
  try {
    return (JSON.parse(line) as { readonly type?: unknown }).type === "run_completed";
  } catch {
    return false;
  }
}
