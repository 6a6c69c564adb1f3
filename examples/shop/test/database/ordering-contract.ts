import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findProduct, listProducts, OutOfStockError } from "../../src/catalog/catalog.ts";
import type { ProductId } from "../../src/catalog/product.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import type { OrderEvent } from "../../src/orders/order.ts";
import { OrderDesk } from "../../src/orders/order-desk.ts";
import { IllegalTransitionError } from "../../src/orders/order-status.ts";
import type { ContractOptions } from "./database-contract.ts";
import { disposing } from "../rig/disposing.ts";

/** That orders never promise more than there is, however many customers come at once. */
export function describeOrdering(name: string, { createTestDatabase, skip = false }: ContractOptions): void {
  describe(`ordering with ${name}`, { skip }, () => {
    test(
      "an order is found again exactly as it was placed",
      disposing(async (use) => {
        const shop = use(await openDesk(createTestDatabase));
        const order = await shop.place(["tea-pot", 2], ["bread-knife", 5]);
        assert.equal(order.placedAt, "2030-01-01T12:00:00.000Z");
        assert.equal(order.totalCents, 2 * 3990 + 5 * 2745 - 686);
        assert.deepEqual(await shop.desk.find(order.id), order);
      }),
    );

    test(
      "of many customers at once, only as many get a product as there are pieces",
      disposing(async (use) => {
        const shop = use(await openDesk(createTestDatabase));
        const attempts = await Promise.allSettled(Array.from({ length: 30 }, () => shop.place(["tea-pot", 1])));
        const refusals = attempts.filter((attempt) => attempt.status === "rejected").map(({ reason }) => reason);
        assert.equal(attempts.length - refusals.length, 12);
        for (const refusal of refusals) assert.ok(refusal instanceof OutOfStockError, String(refusal));
        assert.equal(await shop.stockOf("tea-pot"), 0);
        assert.equal(shop.events.length, 12);
      }),
    );

    test(
      "an order that cannot be filled takes nothing off the shelves and is announced to nobody",
      disposing(async (use) => {
        const shop = use(await openDesk(createTestDatabase));
        const before = await listProducts(shop.database);
        await assert.rejects(shop.place(["bread-knife", 2], ["cake-stand", 2], ["tea-pot", 2]), OutOfStockError);
        assert.deepEqual(await listProducts(shop.database), before);
        assert.deepEqual(shop.events, []);
        assert.deepEqual(await shop.database.query("SELECT id FROM orders"), []);
      }),
    );

    test(
      "customers who want the same products in different sequence do not block each other",
      disposing(async (use) => {
        const shop = use(await openDesk(createTestDatabase));
        const sequences: [string, number][][] = [
          [
            ["espresso-cup", 1],
            ["salt-and-pepper", 1],
          ],
          [
            ["salt-and-pepper", 1],
            ["espresso-cup", 1],
          ],
        ];
        await Promise.all(Array.from({ length: 20 }, (_, index) => shop.place(...sequences[index % 2]!)));
        assert.equal(await shop.stockOf("espresso-cup"), 20);
        assert.equal(await shop.stockOf("salt-and-pepper"), 5);
      }),
    );

    test(
      "a cancelled order puts its pieces back, once, however often it is cancelled at the same time",
      disposing(async (use) => {
        const shop = use(await openDesk(createTestDatabase));
        const order = await shop.place(["tea-pot", 4], ["espresso-cup", 1]);
        const attempts = await Promise.allSettled(
          Array.from({ length: 5 }, () => shop.desk.change(order.id, "cancel")),
        );
        const refusals = attempts.filter((attempt) => attempt.status === "rejected").map(({ reason }) => reason);
        assert.equal(refusals.length, 4);
        for (const refusal of refusals) assert.ok(refusal instanceof IllegalTransitionError, String(refusal));
        assert.equal(await shop.stockOf("tea-pot"), 12);
        assert.equal(await shop.stockOf("espresso-cup"), 40);
        assert.deepEqual(
          shop.events.map((event) => event.type),
          ["order-placed", "order-cancelled"],
        );
      }),
    );

    test(
      "an order that is shipped and cancelled at the same time ends in one of the two",
      disposing(async (use) => {
        const shop = use(await openDesk(createTestDatabase));
        const { id } = await shop.place(["cake-stand", 1]);
        await shop.desk.change(id, "pay");
        await Promise.allSettled([shop.desk.change(id, "ship"), shop.desk.change(id, "cancel")]);
        const { status } = await shop.desk.find(id);
        assert.equal(await shop.stockOf("cake-stand"), status === "cancelled" ? 1 : 0);
        assert.deepEqual(
          shop.events.map((event) => event.type),
          ["order-placed", "order-paid", `order-${status}`],
        );
      }),
    );
  });
}

/** An order desk on a new database, which goes with it. */
async function openDesk(createTestDatabase: ContractOptions["createTestDatabase"]) {
  const place = await createTestDatabase();
  const database = await openDatabase(place.address);
  const events: OrderEvent[] = [];
  const desk = new OrderDesk({
    database,
    publish: (event) => events.push(event),
    now: () => new Date("2030-01-01T12:00:00Z"),
  });
  return {
    database,
    desk,
    events,
    place: (...lines: [productId: string, quantity: number][]) =>
      desk.place({
        lines: lines.map(([productId, quantity]) => ({ productId: productId as ProductId, quantity })),
        coupon: null,
      }),
    stockOf: async (id: string) => (await findProduct(database, id)).stock,
    async [Symbol.asyncDispose]() {
      await database.close();
      await place[Symbol.asyncDispose]();
    },
  };
}
