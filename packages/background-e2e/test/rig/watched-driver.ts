import { DatabaseSync } from "node:sqlite";
import type { SqlConnection, SqlDriver } from "@netra-apex/store/sql";

/** Hears each call of a driver before it is made, and after; what it throws, the call throws. */
export interface CallWatcher {
  readonly before?: (sql: string) => void;
  readonly after?: (sql: string) => void;
}

/** Node's own SQLite, as the queue uses it when it is given no driver. */
export const nodeDriver: SqlDriver = {
  name: "node:sqlite",
  open(file, { isReadOnly, busyTimeoutMs }) {
    const database = new DatabaseSync(file, { readOnly: isReadOnly, timeout: busyTimeoutMs });
    return {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql);
        return {
          run: (...values) => ({ changes: Number(statement.run(...values).changes) }),
          get: (...values) => statement.get(...values),
          all: (...values) => statement.all(...values),
        };
      },
      close: () => database.close(),
    };
  },
  resultCode(error) {
    if (!(error instanceof Error) || !("errcode" in error)) return undefined;
    return typeof error.errcode === "number" ? error.errcode : undefined;
  },
};

/** A real driver that is watched. */
export function watchedDriver(watcher: CallWatcher, driver: SqlDriver = nodeDriver): SqlDriver {
  const watched = <Result>(sql: string, call: () => Result): Result => {
    watcher.before?.(sql);
    const result = call();
    watcher.after?.(sql);
    return result;
  };
  return {
    name: driver.name,
    open: (file, options) =>
      watchedConnection(
        watched("open", () => driver.open(file, options)),
        watched,
      ),
    resultCode: (error) => driver.resultCode(error),
  };
}

function watchedConnection(
  connection: SqlConnection,
  watched: <Result>(sql: string, call: () => Result) => Result,
): SqlConnection {
  return {
    exec: (sql) => watched(sql, () => connection.exec(sql)),
    prepare: (sql) => {
      const statement = connection.prepare(sql);
      return {
        run: (...values) => watched(sql, () => statement.run(...values)),
        get: (...values) => watched(sql, () => statement.get(...values)),
        all: (...values) => watched(sql, () => statement.all(...values)),
      };
    },
    // A connection is given back whatever else fails: only the end of the process takes it otherwise.
    close: () => connection.close(),
  };
}
