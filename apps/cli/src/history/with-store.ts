import { listJournals, Store } from "@netra-apex/store";
import { loadSqliteQuietly } from "./load-sqlite.ts";

/**
 * Opens the store for `read` and closes it again, with runs that were killed taken in first. Asking makes nothing where there was
 * nothing. Throws `StoreError`.
 */
export async function withStore<Result>(
  { directory }: { readonly directory: string },
  read: (store: Store) => Result | Promise<Result>,
): Promise<Result> {
  const store = await storeIn(directory);
  try {
    const { problems } = store.isWritable ? await store.catchUp() : { problems: [] };
    for (const line of [...store.notices, ...problems]) process.stderr.write(`warning  ${line}\n`);
    return await read(store);
  } finally {
    store.close();
  }
}

async function storeIn(directory: string): Promise<Store> {
  loadSqliteQuietly();
  const existing = await Store.openToRead(directory);
  return existing ?? (listJournals(directory).length > 0 ? Store.open(directory) : Store.empty());
}
