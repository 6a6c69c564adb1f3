import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { isPostgresUrl } from "../../src/database/open-database.ts";
import { requireReal } from "./require-real.ts";

/** A place for a database that nobody else uses; it is gone after the test. */
export interface TestDatabase extends AsyncDisposable {
  /** What `openDatabase` takes. */
  readonly address: string;
}

/** The PostgreSQL that `DATABASE_URL` names, if it names one. */
export const postgresUrl = [process.env.DATABASE_URL ?? ""].find(isPostgresUrl);

/** A file in a temporary folder or, where there is a {@link postgresUrl}, a schema of that database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  requireReal("DATABASE_URL", postgresUrl);
  return postgresUrl ? createPostgresSchema(postgresUrl) : createSqliteFile();
}

export async function createSqliteFile(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "shop-test-"));
  return {
    address: join(folder, "shop.sqlite"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

export async function createPostgresSchema(url: string): Promise<TestDatabase> {
  const schema = `shop_test_${randomBytes(6).toString("hex")}`;
  await execute(url, `CREATE SCHEMA ${schema}`);
  const address = new URL(url);
  // Every connection of this address lives in the schema, so the shop does not have to know of it.
  address.searchParams.set("options", `-c search_path=${schema}`);
  return {
    address: address.href,
    [Symbol.asyncDispose]: () => execute(url, `DROP SCHEMA ${schema} CASCADE`),
  };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
