import { ConfigError, type Config, findConfig, loadConfig } from "@netra-apex/core";
import { frameworkNames } from "@netra-apex/runner";
import { listJournals, Store } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { storeDirectory } from "../history/store-directory.ts";
import type { PastOptions } from "./past-options.ts";

/** Where past runs are looked for. */
export interface PastPlace {
  readonly projectRoot: string;
  readonly environment: string;
  /** Of the store. */
  readonly directory: string;
  /** Absent where it cannot be read. */
  readonly config?: Config;
}

/** Finds the project's past. A config that is broken now does not hide what was; that is told on stderr. */
export async function findPast({ config: file, env: environment = "test" }: PastOptions): Promise<PastPlace> {
  try {
    const config = await loadConfig({
      cwd: process.cwd(),
      frameworks: frameworkNames,
      environment,
      ...(file === undefined ? {} : { file }),
    });
    return { projectRoot: config.projectRoot, environment, directory: storeDirectory(config), config };
  } catch (error) {
    if (!(error instanceof ConfigError) || file !== undefined) throw error;
    const { projectRoot } = findConfig(process.cwd());
    process.stderr.write(`warning  the config cannot be read, so the store is looked for in ${projectRoot}/.apex\n`);
    return { projectRoot, environment, directory: storeDirectory({ projectRoot, history: { isEnabled: true } }) };
  }
}

/**
 * Opens the store for `read` and closes it again, with runs that were killed taken in first. Asking makes nothing where there was
 * nothing. Throws `StoreError`.
 */
export async function withStore<Result>(
  { directory }: Pick<PastPlace, "directory">,
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
