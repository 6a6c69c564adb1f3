import { Pool } from "pg";
import type { Database, Queries, SqlValue } from "./database.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** A PostgreSQL database, reached through a pool of connections. */
export class PostgresDatabase implements Database {
  readonly dialect = "postgresql";
  readonly #pool: Pool;

  /** @param url `postgres://user:password@host:port/database` */
  constructor(url: string) {
    this.#pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    // The pool replaces an idle connection that breaks; unheard, its error would end the process.
    this.#pool.on("error", () => {});
  }

  async query<Row extends object>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    const { rows } = await this.#pool.query<Row>(sql, [...values]);
    return rows;
  }

  async transaction<Result>(work: (transaction: Queries) => Promise<Result>): Promise<Result> {
    const connection = await this.#pool.connect();
    let brokenBy: Error | undefined;
    try {
      await connection.query("BEGIN");
      const result = await work({
        query: async <Row extends object>(sql: string, values: readonly SqlValue[] = []) =>
          (await connection.query<Row>(sql, [...values])).rows,
      });
      await connection.query("COMMIT");
      return result;
    } catch (error) {
      await connection.query("ROLLBACK").catch((rollbackError: Error) => {
        brokenBy = rollbackError;
      });
      throw error;
    } finally {
      // A connection that cannot even roll back is thrown away instead of reused.
      connection.release(brokenBy);
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
