import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findProduct, listProducts } from "../../src/catalog/catalog.ts";
import type { Database, Queries } from "../../src/database/database.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import type { TestDatabase } from "../rig/test-database.ts";
import { disposing } from "../rig/disposing.ts";

export interface ContractOptions {
  /** Gives every test a new, empty database. */
  readonly createTestDatabase: () => Promise<TestDatabase>;
  readonly dialect: string;
  /** Why the suite cannot run here, if it cannot. */
  readonly skip?: string | false;
}

/** What the shop relies on, whichever database it has. */
export function describeDatabase(name: string, { createTestDatabase, dialect, skip = false }: ContractOptions): void {
  describe(`${name} as the shop’s database`, { skip }, () => {
    test(
      "is open with products on its shelves",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        assert.equal(database.dialect, dialect);
        const products = await listProducts(database);
        assert.equal(products.length, 5);
        assert.deepEqual(products[0], { id: "bread-knife", name: "Bread Knife", priceCents: 2745, stock: 8 });
      }),
    );

    test(
      "takes values as values, never as SQL",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        const hostile = `'; DROP TABLE products; -- "$1" ✓`;
        await database.query("UPDATE products SET name = $1 WHERE id = $2", [hostile, "tea-pot"]);
        assert.equal((await findProduct(database, "tea-pot")).name, hostile);
      }),
    );

    test(
      "matches values by their numbers, also when one is used twice or is null",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        const [row] = await database.query(`SELECT $2 || $1 || $2 AS "text", CAST($3 AS TEXT) AS "nothing"`, [
          "b",
          "a",
          null,
        ]);
        assert.deepEqual(row, { text: "aba", nothing: null });
      }),
    );

    test(
      "rejects a wrong statement and goes on",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        await assert.rejects(database.query("SELECT stock FROM nowhere"), /nowhere/);
        assert.equal(await stockOf(database, "tea-pot"), 12);
      }),
    );

    test(
      "keeps what a transaction wrote and passes on what it returned",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        const answer = await database.transaction(async (transaction) => {
          await setStock(transaction, 3);
          return stockOf(transaction, "tea-pot");
        });
        assert.equal(answer, 3);
        assert.equal(await stockOf(database, "tea-pot"), 3);
      }),
    );

    test(
      "undoes a whole transaction when it throws, passes the error on and goes on",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        const mistake = new Error("changed my mind");
        const failing = database.transaction(async (transaction) => {
          await setStock(transaction, 3);
          await transaction.query("DELETE FROM products WHERE id = $1", ["cake-stand"]);
          throw mistake;
        });
        await assert.rejects(failing, (error) => error === mistake);
        assert.equal(await stockOf(database, "tea-pot"), 12);
        assert.equal((await listProducts(database)).length, 5);
      }),
    );

    test(
      "undoes a whole transaction when one of its statements breaks a rule of the schema",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        const brokenRules = [
          ["UPDATE products SET stock = -1 WHERE id = $1", "cake-stand"],
          [`UPDATE orders SET status = 'lost' WHERE id = $1`, "order-1"],
          [
            `INSERT INTO order_lines (order_id, line_number, product_id, name, quantity, unit_price_cents, discount_cents, total_cents)
           VALUES ('order-1', 1, $1, 'Nothing', 1, 1, 0, 1)`,
            "no-such-product",
          ],
        ] as const;
        for (const [sql, value] of brokenRules) {
          const failing = database.transaction(async (transaction) => {
            await setStock(transaction, 3);
            await transaction.query(
              `INSERT INTO orders (id, status, placed_at, changed_at, subtotal_cents, coupon_discount_cents, total_cents)
             VALUES ('order-1', 'placed', 'now', 'now', 1, 0, 1)`,
            );
            await transaction.query(sql, [value]);
          });
          await assert.rejects(failing, /constraint/i);
          assert.equal(await stockOf(database, "tea-pot"), 12);
        }
      }),
    );

    test(
      "lets nobody see into an open transaction",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = use(await open(place.address));
        let seen: Promise<number> | undefined;
        await database.transaction(async (transaction) => {
          await setStock(transaction, 1);
          // Not awaited: a database with one connection answers it after the transaction.
          seen = stockOf(database, "tea-pot");
          await stockOf(transaction, "tea-pot");
          await setStock(transaction, 2);
        });
        const stock = await seen;
        assert.ok(stock === 12 || stock === 2, `saw ${stock} instead of the stock before or after`);
      }),
    );

    test(
      "keeps its data when it is closed and opened again",
      disposing(async (use) => {
        const place = use(await createTestDatabase());
        const database = await open(place.address);
        await setStock(database, 5);
        await database.close();
        const reopened = use(await open(place.address));
        assert.equal(await stockOf(reopened, "tea-pot"), 5);
        assert.equal((await listProducts(reopened)).length, 5);
      }),
    );
  });
}

async function open(address: string): Promise<Database & AsyncDisposable> {
  const database = await openDatabase(address);
  return Object.assign(database, { [Symbol.asyncDispose]: () => database.close() });
}

async function stockOf(queries: Queries, id: string): Promise<number> {
  return (await findProduct(queries, id)).stock;
}

async function setStock(queries: Queries, stock: number): Promise<void> {
  await queries.query("UPDATE products SET stock = $1 WHERE id = $2", [stock, "tea-pot"]);
}
