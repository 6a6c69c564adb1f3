import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, test } from "node:test";
import type { Order, OrderEvent } from "../../src/orders/order.ts";
import { disposing, type Use } from "../rig/disposing.ts";
import { type FeedSubscriber, subscribe } from "../rig/feed-subscriber.ts";
import { type ShopProcess, startShopProcess } from "../rig/shop-process.ts";
import { createTestDatabase } from "../rig/test-database.ts";
import { type CuttableRedis, makeCuttable, redisUrl } from "../rig/test-redis.ts";

const skip = redisUrl ? false : "REDIS_URL names no Redis";

describe("processes of one shop, connected by Redis", { skip }, () => {
  test(
    "subscribers of every process hear every order once, in the order of its steps",
    disposing(async (use) => {
      const [north, south] = await startTwo(use, redisUrl!);
      const subscribers = [use(await listen(north)), use(await listen(south))];
      const { id } = await post<Order>(north, "/api/orders", { lines: [{ productId: "tea-pot", quantity: 1 }] });
      await heard(subscribers[1]!, `order-placed ${id}`);
      await post(south, `/api/orders/${id}/pay`);
      await heard(subscribers[0]!, `order-placed ${id}`, `order-paid ${id}`);
      await post(north, `/api/orders/${id}/ship`);
      await heard(subscribers[0]!, `order-shipped ${id}`);
      await heard(subscribers[1]!, `order-paid ${id}`, `order-shipped ${id}`);
    }),
  );

  test(
    "a shop with another database hears nothing of it",
    disposing(async (use) => {
      const [own, other] = await Promise.all([startShopProcess(), startShopProcess()]);
      use(own);
      use(other);
      const [atOwn, atOther] = [use(await listen(own)), use(await listen(other))];
      const first = await order(own);
      const second = await order(other);
      await heard(atOther, `order-placed ${second.id}`);
      await heard(atOwn, `order-placed ${first.id}`);
    }),
  );

  test(
    "while Redis is away every process sells on and tells its own subscribers; when it is back, all the others again",
    disposing(async (use) => {
      const redis = use(await makeCuttable(redisUrl!));
      const [north, south] = await startTwo(use, redis.url);
      const [atNorth, atSouth] = [use(await listen(north)), use(await listen(south))];
      await redis.goAway();
      await untilRedisIs("away", north, south);
      const meanwhile = await order(north);
      await heard(atNorth, `order-placed ${meanwhile.id}`);
      await redis.comeBack();
      await untilRedisIs("connected", north, south);
      const afterwards = await order(north);
      await heard(atNorth, `order-placed ${afterwards.id}`);
      await heard(atSouth, `order-placed ${afterwards.id}`);
      const back = await order(south);
      await heard(atNorth, `order-placed ${back.id}`);
    }),
  );

  for (const [state, happen] of [
    ["is away", (redis: CuttableRedis) => redis.goAway()],
    ["does not answer any more", (redis: CuttableRedis) => redis.fallSilent()],
  ] as const) {
    test(
      `a process closes in good order while Redis ${state}`,
      disposing(async (use) => {
        const redis = use(await makeCuttable(redisUrl!));
        const shop = use(await startShopProcess({ REDIS_URL: redis.url }));
        const subscriber = use(await listen(shop));
        await happen(redis);
        const { id } = await order(shop);
        await heard(subscriber, `order-placed ${id}`);
        const goodbye = subscriber.goodbye();
        shop.kill("SIGTERM");
        assert.equal((await goodbye).code, 1001);
        assert.deepEqual(await shop.ending, { exitCode: 0, signal: null, errorOutput: "" });
      }),
    );
  }
});

async function startTwo(use: Use, url: string): Promise<[ShopProcess, ShopProcess]> {
  const database = use(await createTestDatabase());
  const environment = { DATABASE_URL: database.address, REDIS_URL: url };
  return [use(await startShopProcess(environment)), use(await startShopProcess(environment))];
}

/** Listens for as long as the processes take that are started and used meanwhile. */
function listen(shop: ShopProcess): Promise<FeedSubscriber> {
  return subscribe(shop.url, { patienceMs: 20_000 });
}

async function post<Body>(shop: ShopProcess, path: string, body: unknown = {}): Promise<Body> {
  const response = await fetch(shop.url + path, { method: "POST", body: JSON.stringify(body) });
  assert.ok(response.ok, `${path} is answered with ${response.status}`);
  return (await response.json()) as Body;
}

function order(shop: ShopProcess): Promise<Order> {
  return post(shop, "/api/orders", { lines: [{ productId: "espresso-cup", quantity: 1 }] });
}

async function heard(subscriber: FeedSubscriber, ...events: string[]): Promise<void> {
  const seen: OrderEvent[] = await subscriber.nextEvents(events.length);
  assert.deepEqual(
    seen.map(({ type, order: { id } }) => `${type} ${id}`),
    events,
  );
}

/** Fails by the end of the process, which does not live long. */
async function untilRedisIs(state: string, ...shops: ShopProcess[]): Promise<void> {
  for (const shop of shops) {
    for (;;) {
      const health = (await (await fetch(`${shop.url}/health`)).json()) as { redis: string };
      if (health.redis === state) break;
      await sleep(20);
    }
  }
}
