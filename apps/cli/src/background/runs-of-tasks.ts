import { existsSync } from "node:fs";
import { openQueueAt, queuePlace } from "@netra-apex/background-e2e";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";

/** Older tasks have ended long before whatever a person means by the latest run. */
const mostLookedAt = 1_000;

/** Runs that are the background queue's. */
export interface RunsOfTasks {
  readonly ids: ReadonlySet<string>;
  /** An attempt is under way, whose run may not be known yet. */
  readonly isAnyActive: boolean;
}

/** The runs that attempts of background tasks have made, among the newest tasks of a store. Throws `StoreError`. */
export async function runsOfTasks(directory: string): Promise<RunsOfTasks> {
  const place = queuePlace(directory);
  if (!existsSync(place.file)) return { ids: new Set(), isAnyActive: false };
  loadSqliteQuietly();
  const queue = await openQueueAt(place);
  try {
    const { items } = await queue.list({}, { order: "newest", limit: mostLookedAt });
    const ids = items.flatMap(({ attempts, progress }) => [
      ...attempts.map(({ result }) => result?.runId),
      progress?.runId,
    ]);
    const isAnyActive = items.some(({ state }) => state === "starting" || state === "running");
    return { ids: new Set(ids.filter((id) => id !== undefined)), isAnyActive };
  } finally {
    await queue.close();
  }
}
