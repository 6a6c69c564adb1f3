import { DatabaseSync } from "node:sqlite";
import type { Database, Queries, SqlValue } from "./database.ts";

/** How long a statement waits for another process that is writing. */
const BUSY_TIMEOUT_MS = 5000;

/** A database in one file, or in memory with the address `:memory:`. */
export class SqliteDatabase implements Database {
  readonly dialect = "sqlite";
  readonly #connection: DatabaseSync;
  /** Settles when the last query or transaction has: there is one connection, so they take turns. */
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#connection = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    // Write-ahead log: readers of other processes do not wait for a writer.
    this.#connection.exec("PRAGMA journal_mode = WAL");
  }

  query<Row extends object>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#inTurn(() => this.#run<Row>(sql, values));
  }

  transaction<Result>(work: (transaction: Queries) => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => {
      // IMMEDIATE takes the write lock now; taking it later, after a read, could fail halfway.
      this.#connection.exec("BEGIN IMMEDIATE");
      try {
        const result = await work({ query: async (sql, values = []) => this.#run(sql, values) });
        this.#connection.exec("COMMIT");
        return result;
      } catch (error) {
        // Some errors, a full disk for one, have already rolled back.
        if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#connection.close());
  }

  #inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }

  #run<Row extends object>(sql: string, values: readonly SqlValue[]): Row[] {
    const parameters = Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
    const rows = this.#connection.prepare(sql).all(parameters);
    // node:sqlite's rows have no prototype; make them the plain objects that others return.
    return rows.map((row) => ({ ...row })) as Row[];
  }
}
