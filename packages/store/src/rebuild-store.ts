import { existsSync, renameSync } from "node:fs";
import { databasePlace } from "./sql/database-place.ts";
import { type CaughtUp, Store } from "./store.ts";

/** What came of making a history anew. */
export interface RebuiltStore extends CaughtUp {
  /** Where the database was put aside; absent where there was none. */
  readonly aside?: string;
}

/**
 * Puts the database of a store aside and makes a new one from the journals that are there. Results of runs whose journals are
 * gone are lost to it. Throws `StoreError`.
 */
export async function rebuildStore(directory: string, now = new Date()): Promise<RebuiltStore> {
  const { file } = databasePlace(directory);
  const aside = `${file}.aside-${now.toISOString().replaceAll(/[-:]|\..*/g, "")}`;
  const isThere = existsSync(file);
  for (const suffix of ["", "-wal", "-shm", "-journal"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  const store = await Store.open(directory);
  try {
    return { ...(await store.catchUp()), ...(isThere ? { aside } : {}) };
  } finally {
    store.close();
  }
}
