import assert from "node:assert/strict";
import { test } from "node:test";
import type { Order } from "../../src/orders/order.ts";
import { subscribe } from "../rig/feed-subscriber.ts";
import { startTestShop } from "../rig/test-shop.ts";
import { disposing } from "../rig/disposing.ts";

test(
  "a subscriber sees the steps of an order in the order they happened",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const subscriber = use(await subscribe(shop.url));
    const { id } = await shop.order("tea-pot");
    await shop.post(`/api/orders/${id}/pay`);
    await shop.post(`/api/orders/${id}/ship`);
    const events = await subscriber.nextEvents(3);
    assert.deepEqual(
      events.map(({ type, order }) => [type, order.id]),
      [
        ["order-placed", id],
        ["order-paid", id],
        ["order-shipped", id],
      ],
    );
  }),
);

test(
  "an event carries the order as the API answered it",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const subscriber = use(await subscribe(shop.url));
    const placed = await shop.order("bread-knife", 5);
    assert.deepEqual(await subscriber.nextEvent(), { type: "order-placed", order: placed });
    const { body: cancelled } = await shop.post<Order>(`/api/orders/${placed.id}/cancel`);
    assert.deepEqual(await subscriber.nextEvent(), { type: "order-cancelled", order: cancelled });
  }),
);

test(
  "every subscriber sees every event, in the same order",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const first = use(await subscribe(shop.url));
    const second = use(await subscribe(shop.url));
    const third = use(await subscribe(shop.url));
    const orders = await Promise.all(Array.from({ length: 8 }, () => shop.order("espresso-cup")));
    const seen = await first.nextEvents(8);
    assert.deepEqual(seen.map((event) => event.order.id).toSorted(), orders.map((order) => order.id).toSorted());
    assert.deepEqual(await second.nextEvents(8), seen);
    assert.deepEqual(await third.nextEvents(8), seen);
  }),
);

test(
  "what was refused is not announced",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const subscriber = use(await subscribe(shop.url));
    await shop.post("/api/orders", { lines: [{ productId: "cake-stand", quantity: 2 }] });
    const { id } = await shop.order("cake-stand");
    await shop.post(`/api/orders/${id}/ship`);
    await shop.post(`/api/orders/${id}/cancel`);
    const events = await subscriber.nextEvents(2);
    assert.deepEqual(
      events.map((event) => event.type),
      ["order-placed", "order-cancelled"],
    );
  }),
);

test(
  "a subscriber sees what happens from then on, not what was before",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const before = await shop.order("tea-pot");
    const subscriber = use(await subscribe(shop.url));
    const after = await shop.order("tea-pot");
    assert.notEqual(after.id, before.id);
    assert.equal((await subscriber.nextEvent()).order.id, after.id);
  }),
);

test(
  "a subscriber that goes away, politely or not, does not disturb the others",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const polite = use(await subscribe(shop.url));
    const rude = use(await subscribe(shop.url));
    const loyal = use(await subscribe(shop.url));
    rude.socket.terminate();
    const goodbye = polite.goodbye();
    polite.socket.close();
    await goodbye;
    const { id } = await shop.order("tea-pot");
    assert.equal((await loyal.nextEvent()).order.id, id);
  }),
);

test(
  "a subscriber that talks too much is dismissed, and the shop stays open",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const chatty = use(await subscribe(shop.url));
    const loyal = use(await subscribe(shop.url));
    const goodbye = chatty.goodbye();
    chatty.socket.send("x".repeat(100_000));
    await goodbye;
    const { id } = await shop.order("tea-pot");
    assert.equal((await loyal.nextEvent()).order.id, id);
  }),
);

test(
  "the feed is at /feed and nowhere else",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    await assert.rejects(subscribe(shop.url, { path: "/feeds" }), /Unexpected server response: 400/);
  }),
);

test(
  "subscribers are told when the shop closes",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const first = use(await subscribe(shop.url));
    const second = use(await subscribe(shop.url));
    const goodbyes = Promise.all([first.goodbye(), second.goodbye()]);
    await shop[Symbol.asyncDispose]();
    for (const goodbye of await goodbyes) assert.deepEqual(goodbye, { code: 1001, reason: "the shop is closing" });
  }),
);

test(
  "a subscriber that does not answer cannot keep the shop from closing",
  { timeout: 3000 },
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const subscriber = use(await subscribe(shop.url));
    subscriber.socket.pause();
    await shop[Symbol.asyncDispose]();
    await assert.rejects(fetch(shop.url));
  }),
);
