import { statfsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { digest } from "../history/digest.ts";
import { storeFiles } from "../journal/run-directory.ts";

/** File systems over which processes cannot share memory, as a write-ahead log must: `statfs` types of Linux. */
const remoteFileSystems: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB2",
  0x01021997: "9p",
  0x5346414f: "AFS",
  0x65735546: "FUSE",
};

/** Where a store's database is, and what a person should know of that. */
export interface DatabasePlace {
  readonly file: string;
  readonly notice?: string;
}

/**
 * The database is in the store itself, or, where the store is on a file system that cannot hold one safely, in the user's
 * state directory (`$XDG_STATE_HOME`, `~/.local/state`). Journals stay in the store.
 */
export function databasePlace(
  store: string,
  {
    env = process.env,
    fileSystemType = typeOf,
  }: { readonly env?: NodeJS.ProcessEnv; readonly fileSystemType?: (path: string) => number | undefined } = {},
): DatabasePlace {
  const remote = remoteFileSystems[fileSystemType(store) ?? 0];
  if (remote === undefined) return { file: path.join(store, storeFiles.database) };
  const state = env["XDG_STATE_HOME"] || path.join(os.homedir(), ".local", "state");
  const file = path.join(state, "netra-apex", digest(path.resolve(store), 16), storeFiles.database);
  return {
    file,
    notice: `${store} is on ${remote}, which cannot hold a database that processes share: it is in ${file}`,
  };
}

/** Of the directory, or of where it will be made. */
function typeOf(directory: string): number | undefined {
  try {
    return statfsSync(directory).type;
  } catch {
    const parent = path.dirname(directory);
    return parent === directory ? undefined : typeOf(parent);
  }
}
