export { type Database, type DatabaseKind, openDatabase, type OpenDatabaseOptions } from "./open-database.ts";
export { databasePlace, type DatabasePlace } from "./database-place.ts";
export { makePlace } from "./make-place.ts";
export type { Migrations } from "./migrations.ts";
export { type DatabaseHints, StoreError, type StoreErrorCode } from "./store-errors.ts";
export type { SqlConnection, SqlDriver, SqlOpenOptions, SqlRow, SqlStatement, SqlValue } from "./sql-driver.ts";
