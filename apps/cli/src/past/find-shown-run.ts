import { isRunOfTask } from "@netra-apex/background-e2e";
import type { RunId } from "@netra-apex/core";
import { findRun, listJournals, runDirectoryOf } from "@netra-apex/store";

/**
 * The run that a person wants to see. `latest` is the newest that a person made; an attempt at a background task only where there is no
 * other. Throws `RunNotFoundError`.
 */
export function findShownRun(store: string, reference: string): RunId {
  const hasOwn = reference === "latest" && listJournals(store).some((id) => isOwnRun(store, id));
  return hasOwn ? findOwnRun(store, reference) : findRun(store, reference);
}

/** The same without any attempt for `latest`: what is queued goes on by itself. Throws `RunNotFoundError`. */
export function findOwnRun(store: string, reference: string): RunId {
  return findRun(store, reference, (id) => isOwnRun(store, id));
}

function isOwnRun(store: string, id: RunId): boolean {
  return !isRunOfTask(runDirectoryOf(store, id));
}
