import type { Database } from "./database.ts";
import { PostgresDatabase } from "./postgres.ts";
import { SCHEMA } from "./schema.ts";
import { seedProducts } from "./seed.ts";
import { nameShop } from "./shop-id.ts";
import { SqliteDatabase } from "./sqlite.ts";

export function isPostgresUrl(address: string): boolean {
  return /^postgres(ql)?:/.test(address);
}

/**
 * Opens a database that is ready for use: its tables exist, its shelves are filled.
 * @param address a PostgreSQL URL, or else the path of an SQLite file
 */
export async function openDatabase(address: string): Promise<Database> {
  const database = isPostgresUrl(address) ? new PostgresDatabase(address) : new SqliteDatabase(address);
  try {
    await database.transaction(async (transaction) => {
      for (const statement of SCHEMA) await transaction.query(statement);
      await nameShop(transaction);
      await seedProducts(transaction);
    });
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
