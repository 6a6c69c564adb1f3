/** What a statement can be given: `undefined` is no value of SQL, say `null`. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** One row, by the names of its columns. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A prepared statement. */
export interface SqlStatement {
  run(...values: SqlValue[]): { readonly changes: number };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
}

/** A database file that is open. Everything is synchronous and throws the library's own error. */
export interface SqlConnection {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** How a file is opened. */
export interface SqlOpenOptions {
  /** The file cannot change meanwhile, so no lock is needed and nothing is made beside it. */
  readonly isReadOnly: boolean;
  /** How long one statement waits for a lock, in milliseconds, in which nothing else happens in the process. */
  readonly busyTimeoutMs: number;
}

/**
 * The seam between the store and a library for SQLite: little enough that another library fits in, too. The tests run on
 * two of them.
 */
export interface SqlDriver {
  readonly name: string;
  open(file: string, options: SqlOpenOptions): SqlConnection;
  /** SQLite's own result code (5 is SQLITE_BUSY), extended ones included; undefined for an error that is not SQLite's. */
  resultCode(error: unknown): number | undefined;
}
