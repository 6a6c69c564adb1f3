import { type Database, makePlace, openDatabase, type OpenDatabaseOptions } from "@netra-apex/store/sql";
import { queueKind } from "./queue-database.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import { type QueueOptions, TaskQueue } from "./task-queue.ts";

/** Where a queue is kept, and how it is opened. */
export interface OpenQueueOptions
  extends QueueOptions, Pick<OpenDatabaseOptions, "driver" | "busyTimeoutMs" | "patienceMs"> {
  /** Such as `queue.db` beside the history. Its directory is made where it is missing. */
  readonly file: string;
}

/** A queue in a file that any number of processes share. */
export class FileQueue extends TaskQueue {
  /** What it is kept in: for what else is to be in the same file. */
  readonly database: Database;

  constructor(database: Database, options: QueueOptions) {
    super(new SqliteStorage(database), { survives: "power-loss", pollMs }, options);
    this.database = database;
  }

  /** What a person should know of how it is kept. */
  get notices(): readonly string[] {
    return this.database.notices;
  }
}

/** How often a file is asked for what other processes have done. */
const pollMs = 100;

/** The tests' environments are in it, and they hold secrets. */
const onlyForItsOwner = 0o600;

/**
 * Opens a queue, making what is missing; any number of processes may do so at once. Throws `StoreError` for a file that is
 * damaged, foreign, of a newer version, read-only or locked for too long, and leaves it as it is.
 */
export async function openQueue(options: OpenQueueOptions): Promise<FileQueue> {
  const { file, driver, busyTimeoutMs, patienceMs, ...rules } = options;
  makePlace(file, { mode: onlyForItsOwner });
  const database = await openDatabase(file, {
    kind: queueKind,
    ...(driver ? { driver } : {}),
    ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  return new FileQueue(database, rules);
}
