import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { ApexError, type RunId } from "@netra-apex/core";
import { isRunUnderWay, journalOf, listRunDirectories } from "./run-directory.ts";

/** No run, or more than one, goes by what was asked for. */
export class RunNotFoundError extends ApexError {
  readonly code = "APEX_RUN_NOT_FOUND";
}

/** How far the run of a journal is. */
export type JournalState = "finished" | "running" | "interrupted";

/** Ids of the runs that have a journal, oldest first. */
export function listJournals(store: string): RunId[] {
  return listRunDirectories(store).filter((id) => existsSync(journalOf(store, id)));
}

/**
 * The run that a person means: its whole id, any beginning or end of it that no other run has, or `latest`. Throws
 * `RunNotFoundError`.
 */
export function findRun(store: string, reference: string): RunId {
  const runs = listJournals(store);
  if (reference === "latest") {
    const latest = runs.at(-1);
    if (latest !== undefined) return latest;
    throw new RunNotFoundError(`there is no run yet (${store})`, { hint: "apex run makes one" });
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
  return isRunUnderWay(store, runId) === true ? "running" : "interrupted";
}

/** Longer than any `run_completed` and what can follow it. */
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
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString("utf8").split("\n");
    // Only a line that has its end was written whole.
    return lines.slice(0, -1).some((line) => /^\{"version":\d+,"seq":\d+,.{0,400}?"type":"run_completed"/.test(line));
  } finally {
    closeSync(descriptor);
  }
}
