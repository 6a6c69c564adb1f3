import { expect, test } from "vitest";
import type { Product } from "../../src/catalog/product.ts";
import type { Order } from "../../src/orders/order.ts";
import { subscribe } from "../rig/feed-subscriber.ts";
import { createTestDatabase } from "../rig/test-database.ts";
import { startTestShop } from "../rig/test-shop.ts";
import { disposing } from "../rig/disposing.ts";

test(
  "a purchase goes from the shelf to the parcel, and everybody sees it",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const subscriber = use(await subscribe(shop.url));

    const { body: products } = await shop.get<Product[]>("/api/products");
    const lines = products.filter(({ stock }) => stock >= 10).map(({ id }) => ({ productId: id, quantity: 10 }));
    const { body: placed } = await shop.post<Order>("/api/orders", { lines, coupon: "TAKE5" });
    await shop.post(`/api/orders/${placed.id}/pay`);
    const { body: shipped } = await shop.post<Order>(`/api/orders/${placed.id}/ship`);

    expect(shipped).toEqual({ ...placed, status: "shipped", changedAt: shipped.changedAt });
    // 10 × (12.50 + 14.99 + 39.90), 10 % off, 5.00 off
    expect(shipped.totalCents).toBe(60_151);
    expect((await shop.get<Order>(`/api/orders/${placed.id}`)).body).toEqual(shipped);
    const events = await subscriber.nextEvents(3);
    expect(events.map((event) => event.type)).toEqual(["order-placed", "order-paid", "order-shipped"]);
    expect(events[2]?.order).toEqual(shipped);
    const { body: left } = await shop.get<Product[]>("/api/products");
    expect(left.map(({ id, stock }) => [id, stock])).toEqual([
      ["bread-knife", 8],
      ["cake-stand", 1],
      ["espresso-cup", 30],
      ["salt-and-pepper", 15],
      ["tea-pot", 2],
    ]);
    expect(await (await fetch(shop.url)).text()).toContain("<b data-stock>2</b>");
  }),
);

test(
  "an order survives a restart of the shop and goes on where it was",
  disposing(async (use) => {
    const database = use(await createTestDatabase());
    let order: Order;
    {
      const shop = use(await startTestShop({ databaseAddress: database.address }));
      order = await shop.order("cake-stand");
      await shop.post(`/api/orders/${order.id}/pay`);
    }
    const shop = use(await startTestShop({ databaseAddress: database.address }));
    const subscriber = use(await subscribe(shop.url));
    expect((await shop.get<Order>(`/api/orders/${order.id}`)).body).toMatchObject({
      status: "paid",
      lines: order.lines,
    });
    expect((await shop.get<Product>("/api/products/cake-stand")).body.stock).toBe(0);
    await shop.post(`/api/orders/${order.id}/ship`);
    expect(await subscriber.nextEvent()).toMatchObject({ type: "order-shipped", order: { id: order.id } });
  }),
);

test(
  "of two customers who want the last piece, one gets it, and the other one after a cancellation",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const subscriber = use(await subscribe(shop.url));
    const wish = { lines: [{ productId: "cake-stand", quantity: 1 }] };

    const answers = await Promise.all([shop.post<Order>("/api/orders", wish), shop.post<Order>("/api/orders", wish)]);
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const first = answers.find((answer) => answer.status === 201)!.body;
    await shop.post(`/api/orders/${first.id}/cancel`);
    const second = await shop.order("cake-stand");

    const events = await subscriber.nextEvents(3);
    expect(events.map(({ type, order }) => [type, order.id])).toEqual([
      ["order-placed", first.id],
      ["order-cancelled", first.id],
      ["order-placed", second.id],
    ]);
  }),
);

test(
  "two shops on one database share its stock",
  disposing(async (use) => {
    const database = use(await createTestDatabase());
    const north = use(await startTestShop({ databaseAddress: database.address }));
    const south = use(await startTestShop({ databaseAddress: database.address }));
    const order = await north.order("tea-pot", 12);
    const refused = await south.post("/api/orders", { lines: [{ productId: "tea-pot", quantity: 1 }] });
    expect(refused.body.error.code).toBe("out-of-stock");
    await south.post(`/api/orders/${order.id}/cancel`);
    expect((await north.get<Product>("/api/products/tea-pot")).body.stock).toBe(12);
  }),
);
