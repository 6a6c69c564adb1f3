import BetterSqlite, { SqliteError } from "better-sqlite3";
import type { SqlConnection, SqlDriver, SqlRow } from "@netra-apex/store/sql";

/** SQLite's names of the result codes that are told apart; extended ones begin with them. */
const primaryCodes: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
};

/** The second real library that the queue is tested on. */
export const betterSqliteDriver: SqlDriver = {
  name: "better-sqlite3",
  open(file, { isReadOnly, busyTimeoutMs }): SqlConnection {
    const database = new BetterSqlite(file, { readonly: isReadOnly, timeout: busyTimeoutMs });
    return {
      exec: (sql) => void database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql);
        return {
          run: (...values) => ({ changes: statement.run(...values).changes }),
          get: (...values) => statement.get(...values) as SqlRow | undefined,
          all: (...values) => statement.all(...values) as SqlRow[],
        };
      },
      close: () => void database.close(),
    };
  },
  resultCode(error) {
    if (!(error instanceof SqliteError)) return undefined;
    return primaryCodes[Object.keys(primaryCodes).find((name) => error.code.startsWith(name)) ?? ""];
  },
};
