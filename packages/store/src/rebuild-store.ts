import { existsSync, renameSync } from "node:fs";
import { databasePlace } from "./sql/database-place.ts";
import type { OpenDatabaseOptions } from "./sql/open-database.ts";
import { placeError } from "./sql/store-errors.ts";
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
export async function rebuildStore(
  directory: string,
  now = new Date(),
  options: Omit<OpenDatabaseOptions, "isReadOnly"> = {},
): Promise<RebuiltStore> {
  const { file } = databasePlace(directory);
  const aside = freeName(`${file}.aside-${now.toISOString().replaceAll(/[-:]|\..*/g, "")}`);
  const isThere = existsSync(file);
  try {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) {
      if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
    }
  } catch (error) {
    throw placeError(file, error);
  }
  const store = await Store.open(directory, options);
  try {
    return { ...(await store.catchUp()), ...(isThere ? { aside } : {}) };
  } finally {
    store.close();
  }
}

/** What was put aside before stays, also within the same second. */
function freeName(name: string): string {
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    if (!existsSync(candidate)) return candidate;
  }
}
