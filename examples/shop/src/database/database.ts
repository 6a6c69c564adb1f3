export type SqlValue = string | number | null;

/** What takes SQL: the database itself, or one open transaction of it. */
export interface Queries {
  /**
   * Runs one statement, in which `$1`, `$2` … stand for the values, and returns its rows.
   * Name columns as the fields of `Row`, e.g. `price_cents AS "priceCents"`.
   */
  query<Row extends object>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
}

/**
 * What the shop needs of a database. SQL is written once, in the dialect that SQLite and PostgreSQL share;
 * `test/database/database-contract.ts` holds every implementation to the same promises.
 */
export interface Database extends Queries {
  readonly dialect: "sqlite" | "postgresql";

  /**
   * Runs `work` with a transaction that nobody sees into: committed when it returns, rolled back when it throws.
   * Inside, query only the given transaction: a query of the database itself might wait for the transaction's end.
   */
  transaction<Result>(work: (transaction: Queries) => Promise<Result>): Promise<Result>;

  /** Lets go of the file or the connections, after what was asked before has ended. */
  close(): Promise<void>;
}
