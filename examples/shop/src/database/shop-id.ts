import { randomUUID } from "node:crypto";
import type { Queries } from "./database.ts";

const SHOP_ID = "shop-id";

/** Gives a new database an id; one that has one keeps it. */
export async function nameShop(queries: Queries): Promise<void> {
  await queries.query("INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [
    SHOP_ID,
    randomUUID(),
  ]);
}

/** What tells this database from all others, whatever address each process knows it by. */
export async function readShopId(queries: Queries): Promise<string> {
  const rows = await queries.query<{ value: string }>("SELECT value FROM facts WHERE name = $1", [SHOP_ID]);
  return rows[0]!.value;
}
