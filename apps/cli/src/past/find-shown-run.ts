import { isRunOfTask } from "@netra-apex/background-e2e";
import type { RunId } from "@netra-apex/core";
import { findRun, listJournals, runDirectoryOf } from "@netra-apex/store";

/**
 * The run that a person wants to see. `latest` is the newest that a person made; an attempt at a background task only where there is no
 * other. Throws `RunNotFoundError`.
 */
export function findShownRun(store: string, reference: string): RunId {
  const isOwn = (id: RunId): boolean => !isRunOfTask(runDirectoryOf(store, id));
  return listJournals(store).some(isOwn) ? findRun(store, reference, isOwn) : findRun(store, reference);
}
