import { statSync } from "node:fs";
import { describeThrown, isApexError } from "@netra-apex/core";
import { migrations as ownMigrations, type Migrations } from "./migrations.ts";
import { nodeSqliteDriver } from "./node-sqlite-driver.ts";
import type { SqlConnection, SqlDriver } from "./sql-driver.ts";
import {
  damaged,
  type DatabaseHints,
  historyHints,
  isBusy,
  isCannotOpen,
  readOnlyError,
  StoreError,
  storeError,
} from "./store-errors.ts";

/** What a database is kept for. A file of another kind is refused as foreign. */
export interface DatabaseKind {
  /** Marks a file as one of this kind. */
  readonly applicationId: number;
  readonly migrations: Migrations;
  readonly hints: DatabaseHints;
}

/** The history of a project's runs; its mark is "apex" in ASCII. */
const historyKind: DatabaseKind = { applicationId: 0x61706578, migrations: ownMigrations, hints: historyHints };

/** SQLite 3.7.0 to 3.51.2 can, rarely, damage a WAL file that several processes write to (fixed on 2026-03-13). */
const firstSafeWal = [3, 51, 3] as const;

/** How a store's database is opened. */
export interface OpenDatabaseOptions {
  readonly driver?: SqlDriver;
  /** What it is kept for; the history when absent. */
  readonly kind?: DatabaseKind;
  /** Instead of the kind's own. */
  readonly migrations?: Migrations;
  /** Nothing is made or changed; a file of an older version is refused then. */
  readonly isReadOnly?: boolean;
  /** How long one statement may hold up the process for a lock, in milliseconds; 250 by default. */
  readonly busyTimeoutMs?: number;
  /** How long to try in all while others hold it, in milliseconds; 10,000 by default. */
  readonly patienceMs?: number;
}

/** No database of SQLite is smaller than a page. */
const smallestPageBytes = 512;

const defaultBusyTimeoutMs = 250;
const defaultPatienceMs = 10_000;

/** A database that is open, migrated, and says by name what goes wrong. */
export class Database {
  readonly file: string;
  /** What a person should know of how it is kept. */
  readonly notices: readonly string[];
  /** It held nothing at all when it was opened. */
  readonly wasEmpty: boolean;
  readonly isReadOnly: boolean;
  readonly #driver: SqlDriver;
  readonly #connection: SqlConnection;
  readonly #patienceMs: number;
  readonly #hints: DatabaseHints;
  readonly #statements = new Map<string, ReturnType<SqlConnection["prepare"]>>();

  constructor(
    file: string,
    driver: SqlDriver,
    connection: SqlConnection,
    {
      notices,
      wasEmpty,
      patienceMs,
      isReadOnly,
      hints,
    }: Prepared & { readonly patienceMs: number; readonly isReadOnly: boolean; readonly hints: DatabaseHints },
  ) {
    this.#hints = hints;
    this.isReadOnly = isReadOnly;
    this.file = file;
    this.notices = notices;
    this.wasEmpty = wasEmpty;
    this.#driver = driver;
    this.#connection = connection;
    this.#patienceMs = patienceMs;
  }

  /** A statement, prepared once. Throws `StoreError`, as all that it does. */
  sql(text: string): ReturnType<SqlConnection["prepare"]> {
    let statement = this.#statements.get(text);
    if (!statement) {
      const prepared = this.#named(() => this.#connection.prepare(text));
      statement = {
        run: (...values) => this.#named(() => prepared.run(...values)),
        get: (...values) => this.#named(() => prepared.get(...values)),
        all: (...values) => this.#named(() => prepared.all(...values)),
      };
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /**
   * Does all of `work` or nothing of it, alone among all processes. Tries again while others hold the lock, so `work` may
   * be called more than once. Throws `StoreError`, and whatever `work` throws.
   */
  async transaction<Result>(work: () => Result): Promise<Result> {
    // Only IMMEDIATE: a transaction that reads first and then wants to write is refused at once when another was quicker.
    return this.#transact("begin immediate", work);
  }

  /**
   * Reads everything at one moment, whatever others write meanwhile. Like {@link transaction}, may call `work` more than once:
   * readers, too, are in the way of those who open, close or recover the file. Throws `StoreError`, and whatever `work` throws.
   */
  async snapshot<Result>(work: () => Result): Promise<Result> {
    return this.#transact("begin", work);
  }

  async #transact<Result>(begin: string, work: () => Result): Promise<Result> {
    return whileBusy(this.#driver, this.#patienceMs, () => {
      this.#named(() => this.#connection.exec(begin));
      try {
        const result = work();
        // Without a write-ahead log this waits for those that read.
        this.#named(() => this.#connection.exec("commit"));
        return result;
      } catch (error) {
        rollBack(this.#connection);
        throw error;
      }
    });
  }

  /** Does what makes sense of rows. Throws `StoreError`, also for those that hold something else than was put in. */
  read<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (isApexError(error)) throw error;
      throw damaged(this.file, describeThrown(error), { cause: error, hints: this.#hints });
    }
  }

  /** Reads all of it; returns what is wrong, nothing for a whole one. Throws `StoreError` when it cannot be read at all. */
  check(): string[] {
    try {
      const rows = this.#connection.prepare("pragma integrity_check(20)").all();
      const found = rows.map((row) => String(row["integrity_check"]));
      return found.filter((line) => line !== "ok");
    } catch (error) {
      const named = this.#name(error);
      if (named.code !== "APEX_STORE_DAMAGED") throw named;
      return [named.message];
    }
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #named<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.#name(error);
    }
  }

  #name(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    return storeError(this.file, this.#driver.resultCode(error), { cause: error, hints: this.#hints });
  }
}

/**
 * Opens a database, making or migrating it where needed; any number of processes may do so at once. Throws `StoreError`
 * for a file that is damaged, foreign, of a newer version, read-only or locked for too long, and leaves it as it is.
 */
export async function openDatabase(file: string, options: OpenDatabaseOptions = {}): Promise<Database> {
  const { driver = nodeSqliteDriver, isReadOnly = false, patienceMs = defaultPatienceMs } = options;
  const { busyTimeoutMs = defaultBusyTimeoutMs, kind: of = historyKind } = options;
  const kind: DatabaseKind = options.migrations ? { ...of, migrations: options.migrations } : of;
  const { hints } = kind;
  // SQLite takes it for a new one.
  const { size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
  if (size > 0 && size < smallestPageBytes) throw damaged(file, `it ends after ${size} bytes`, { hints });
  let connection: SqlConnection | undefined;
  try {
    // The first switch to WAL is refused while another process makes it, however long the timeout.
    return await whileBusy(driver, patienceMs, () => {
      connection = driver.open(file, { isReadOnly, busyTimeoutMs });
      try {
        const prepared = isReadOnly ? checkVersion(connection, file, kind) : prepareForWriting(connection, file, kind);
        return new Database(file, driver, connection, { ...prepared, patienceMs, isReadOnly, hints });
      } catch (error) {
        connection.close();
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const code = driver.resultCode(error);
    // SQLite says no more than that it cannot open the file, or one that it needs beside it.
    throw (isCannotOpen(code) && readOnlyError(file)) || storeError(file, code, { cause: error, hints });
  }
}

interface Prepared {
  readonly notices: readonly string[];
  readonly wasEmpty: boolean;
}

function checkVersion(connection: SqlConnection, file: string, kind: DatabaseKind): Prepared {
  const version = versionAtOnce(connection, file, kind);
  if (version === kind.migrations.length) return { notices: [], wasEmpty: false };
  throw new StoreError("APEX_STORE_READ_ONLY", file, `it is of version ${version}, and cannot be brought up to date`, {
    hint: "open it once where it can be written to",
  });
}

function prepareForWriting(connection: SqlConnection, file: string, kind: DatabaseKind): Prepared {
  // Before anything is written: a newer store must stay untouched.
  const version = versionAtOnce(connection, file, kind);
  const notices = chooseJournalMode(connection, file);
  connection.exec("pragma synchronous = full; pragma foreign_keys = on;");
  if (version < kind.migrations.length) migrate(connection, file, kind);
  return { notices, wasEmpty: version === 0 };
}

/** All that it is told by is read at one moment: another process may be making the schema. */
function versionAtOnce(connection: SqlConnection, file: string, kind: DatabaseKind): number {
  connection.exec("begin");
  try {
    return versionOf(connection, file, kind);
  } finally {
    rollBack(connection);
  }
}

/** The version of the schema; 0 for a file without any. Throws `StoreError` for a file that is not ours to touch. */
function versionOf(
  connection: SqlConnection,
  file: string,
  { applicationId, migrations: { length: known }, hints }: DatabaseKind,
): number {
  const version = pragma(connection, "user_version");
  const owner = pragma(connection, "application_id");
  if (owner !== applicationId) {
    const { count } = connection.prepare("select count(*) as count from sqlite_schema").get() ?? { count: 0 };
    if (version === 0 && count === 0) return 0;
    throw new StoreError("APEX_STORE_FOREIGN", file, "it is the database of another program", {
      hint: "apex leaves it alone: move it away, or put the store elsewhere (history.directory, APEX_STORE)",
    });
  }
  if (version > known) {
    throw new StoreError("APEX_STORE_NEWER", file, `it is of version ${version}, and this apex knows ${known}`, {
      hint: "use the apex that made it, or a newer one; the file is untouched",
    });
  }
  // The schema and its version are written together.
  if (version <= 0) throw damaged(file, `it says that it is of version ${version}`, { hints });
  return version;
}

function migrate(connection: SqlConnection, file: string, kind: DatabaseKind): void {
  for (;;) {
    connection.exec("begin immediate");
    try {
      // Others may have been quicker.
      const version = versionOf(connection, file, kind);
      const step = kind.migrations[version];
      if (step !== undefined) {
        connection.exec(step);
        connection.exec(`pragma application_id = ${kind.applicationId}; pragma user_version = ${version + 1};`);
      }
      connection.exec("commit");
      if (version + 1 >= kind.migrations.length) return;
    } catch (error) {
      rollBack(connection);
      throw error;
    }
  }
}

function rollBack(connection: SqlConnection): void {
  try {
    connection.exec("rollback");
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full, or has not begun.
  }
}

function chooseJournalMode(connection: SqlConnection, file: string): string[] {
  const version = String(connection.prepare("select sqlite_version() as version").get()?.["version"]);
  const wanted = isWalSafe(version) ? "wal" : "delete";
  const mode = connection.prepare(`pragma journal_mode = ${wanted}`).get()?.["journal_mode"];
  if (wanted === "wal") return [];
  if (mode !== "delete") {
    throw new StoreError("APEX_STORE_UNSAFE", file, `SQLite ${version} may damage it while others write to it`, {
      hint: "run apex on a Node with SQLite 3.51.3 or newer (node -p process.versions.sqlite)",
    });
  }
  return [
    `SQLite ${version} is not safe with a write-ahead log that processes share: the store is kept the slower way`,
  ];
}

/** Whether a version of SQLite, such as `3.51.3`, may share a write-ahead log among processes. */
export function isWalSafe(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of firstSafeWal.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function pragma(connection: SqlConnection, name: string): number {
  return Number(connection.prepare(`pragma ${name}`).get()?.[name] ?? 0);
}

/** Tries until nobody else is in the way or the patience is at its end; waits without holding up the process. */
async function whileBusy<Result>(driver: SqlDriver, patienceMs: number, work: () => Result): Promise<Result> {
  // No clock is asked, nor loaded, before somebody is in the way.
  let startedMs: number | undefined;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    try {
      return work();
    } catch (error) {
      const isInTheWay =
        error instanceof StoreError ? error.code === "APEX_STORE_BUSY" : isBusy(driver.resultCode(error));
      startedMs ??= performance.now();
      if (!isInTheWay || performance.now() - startedMs > patienceMs) throw error;
    }
    // Processes that started together must not knock together again.
    const { setTimeout: delay } = await import("node:timers/promises");
    await delay(pauseMs * (0.5 + Math.random()));
  }
}
