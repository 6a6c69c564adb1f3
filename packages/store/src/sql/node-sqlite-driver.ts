import process from "node:process";
import { pathToFileURL } from "node:url";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SqlConnection, SqlDriver, SqlStatement } from "./sql-driver.ts";

/** Node's own SQLite: nothing to install, nothing to compile. */
export const nodeSqliteDriver: SqlDriver = {
  name: "node:sqlite",
  open(file, { isReadOnly, busyTimeoutMs }) {
    const { DatabaseSync } = nodeSqlite();
    const options = { readOnly: isReadOnly, timeout: busyTimeoutMs };
    if (!isReadOnly) return connection(new DatabaseSync(file, options));
    // Where nothing can be written, the files that readers share cannot be made either.
    const url = pathToFileURL(file);
    url.searchParams.set("immutable", "1");
    return connection(new DatabaseSync(url, options));
  },
  resultCode(error) {
    if (!(error instanceof Error) || !("errcode" in error)) return undefined;
    return typeof error.errcode === "number" ? error.errcode : undefined;
  },
};

/** Loaded when it is needed, through the one function that does not make a bundler look for it. */
function nodeSqlite() {
  return process.getBuiltinModule("node:sqlite");
}

function connection(database: DatabaseSync): SqlConnection {
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => statement(database.prepare(sql)),
    close: () => database.close(),
  };
}

function statement(prepared: StatementSync): SqlStatement {
  return {
    run: (...values) => ({ changes: Number(prepared.run(...values).changes) }),
    get: (...values) => prepared.get(...values),
    all: (...values) => prepared.all(...values),
  };
}
