import assert from "node:assert/strict";
import { test } from "node:test";
import autocannon from "autocannon";
import type { Product } from "../../src/catalog/product.ts";
import { disposing, type Use } from "../rig/disposing.ts";
import { subscribe } from "../rig/feed-subscriber.ts";
import { startShopProcess } from "../rig/shop-process.ts";

/** What holds on a slow machine with two cores that does other things as well. */
const MAX_P99_MS = 1000;
const MIN_REQUESTS_PER_SECOND = 25;
const LOAD = { connections: 10, duration: 2 };

/** The shop as a process of its own: the load must not take its turns. */
async function startShop(use: Use): Promise<string> {
  return use(await startShopProcess({}, { lifetimeMs: 30_000 })).url;
}

/** What the log of the category shows, so that a figure that creeps up is seen before it is too high. */
function judgeLatency({ latency, requests }: autocannon.Result): void {
  console.log(`${requests.total} answers, 99 % of them within ${latency.p99} ms`);
  assert.ok(latency.p99 <= MAX_P99_MS, `99 % of answers within ${latency.p99} ms, more than ${MAX_P99_MS}`);
}

test(
  "the page and the list of products answer under load",
  disposing(async (use) => {
    const url = await startShop(use);
    const requests = [{ path: "/" }, { path: "/api/products" }, { path: "/shop.js" }];
    const result = await autocannon({ ...LOAD, url, requests });
    const { errors, timeouts, non2xx, "2xx": answered } = result;
    assert.deepEqual({ errors, timeouts, non2xx }, { errors: 0, timeouts: 0, non2xx: 0 });
    assert.ok(answered >= MIN_REQUESTS_PER_SECOND * LOAD.duration, `${answered} answers in ${LOAD.duration} seconds`);
    judgeLatency(result);
  }),
);

test(
  "orders are taken under load: none is lost, and nothing is sold twice",
  disposing(async (use) => {
    const url = await startShop(use);
    const headers = { "content-type": "application/json" };
    const stockOf = async () => ((await (await fetch(`${url}/api/products/espresso-cup`)).json()) as Product).stock;
    const before = await stockOf();
    // As many as there are pieces: none may be refused, and one more must be.
    const body = JSON.stringify({ lines: [{ productId: "espresso-cup", quantity: 1 }] });
    const options = { url: `${url}/api/orders`, method: "POST", headers, body } as const;
    const result = await autocannon({ ...options, connections: 10, amount: before });
    const { errors, non2xx, "2xx": taken } = result;
    assert.deepEqual(
      { errors, non2xx, taken, left: await stockOf() },
      { errors: 0, non2xx: 0, taken: before, left: 0 },
    );
    judgeLatency(result);
    assert.equal((await fetch(`${url}/api/orders`, { method: "POST", headers, body })).status, 409);
  }),
);

test(
  "refusals are answered under load as well",
  disposing(async (use) => {
    const url = await startShop(use);
    const result = await autocannon({ ...LOAD, url: `${url}/api/products/tea-cup` });
    const { errors, "4xx": refused } = result;
    assert.equal(errors, 0);
    assert.ok(refused >= MIN_REQUESTS_PER_SECOND * LOAD.duration, `${refused} refusals in ${LOAD.duration} seconds`);
    judgeLatency(result);
  }),
);

test(
  "a hundred subscribers see every order while the shop is under load",
  disposing(async (use) => {
    const url = await startShop(use);
    const subscribers = await Promise.all(
      Array.from({ length: 100 }, async () => use(await subscribe(url, { patienceMs: 20_000 }))),
    );
    const load = autocannon({ ...LOAD, url: `${url}/api/products` });
    const placed: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      const body = JSON.stringify({ lines: [{ productId: "tea-pot", quantity: 1 }] });
      const response = await fetch(`${url}/api/orders`, { method: "POST", body });
      placed.push(((await response.json()) as { id: string }).id);
    }
    const seen = await Promise.all(subscribers.map((subscriber) => subscriber.nextEvents(placed.length)));
    for (const events of seen)
      assert.deepEqual(
        events.map(({ order }) => order.id),
        placed,
      );
    const { errors, non2xx } = await load;
    assert.deepEqual({ errors, non2xx }, { errors: 0, non2xx: 0 });
  }),
);
