import { nodeSqliteDriver } from "../../src/sql/node-sqlite-driver.ts";
import type { SqlConnection, SqlDriver } from "../../src/sql/sql-driver.ts";
import { betterSqliteDriver } from "./better-sqlite-driver.ts";

/** The libraries that everything has to hold on. */
export const drivers: readonly (readonly [string, SqlDriver])[] = [nodeSqliteDriver, betterSqliteDriver].map(
  (driver) => [driver.name, driver] as const,
);

/** A real driver of which `before` hears each call before it is made; what it throws, the call throws. */
export function watchedDriver(before: (what: string) => void, driver: SqlDriver = nodeSqliteDriver): SqlDriver {
  return {
    name: driver.name,
    open(file, options) {
      before("open");
      const connection = driver.open(file, options);
      return watched(connection, before);
    },
    resultCode: (error) => driver.resultCode(error),
  };
}

function watched(connection: SqlConnection, before: (what: string) => void): SqlConnection {
  return {
    exec(sql) {
      before(sql);
      connection.exec(sql);
    },
    prepare(sql) {
      const statement = connection.prepare(sql);
      return {
        run(...values) {
          before(sql);
          return statement.run(...values);
        },
        get(...values) {
          before(sql);
          return statement.get(...values);
        },
        all(...values) {
          before(sql);
          return statement.all(...values);
        },
      };
    },
    // A connection is given back whatever else fails: only the end of the process takes it otherwise.
    close: () => connection.close(),
  };
}

/** A real driver whose library says that it is of another version. */
export function driverOfVersion(version: string, driver: SqlDriver = nodeSqliteDriver): SqlDriver {
  return {
    name: driver.name,
    open(file, options) {
      const connection = driver.open(file, options);
      const prepare = (sql: string) => connection.prepare(sql.replace("sqlite_version()", `'${version}'`));
      return { exec: (sql) => connection.exec(sql), prepare, close: () => connection.close() };
    },
    resultCode: (error) => driver.resultCode(error),
  };
}
