import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, test } from "node:test";
import { subscribe } from "../rig/feed-subscriber.ts";
import { type ShopProcess, startShopProcess } from "../rig/shop-process.ts";
import { disposing } from "../rig/disposing.ts";

/** With nothing but itself: what it does with other things, the other categories show. */
function startShop(environment: Record<string, string> = {}): Promise<ShopProcess> {
  return startShopProcess({ DATABASE_URL: ":memory:", REDIS_URL: "", ...environment });
}

// Each test starts a process of its own, so they can run side by side.
describe("the process of the shop", { concurrency: true }, () => {
  test(
    "prints its address and is healthy there",
    disposing(async (use) => {
      const shop = use(await startShop());
      assert.match(shop.firstLine, /^The shop is open at http:\/\/127\.0\.0\.1:\d+$/);
      const response = await fetch(`${shop.url}/health`);
      assert.equal(response.status, 200);
      const health = (await response.json()) as { status: string };
      assert.equal(health.status, "ok");
    }),
  );

  test(
    "serves a page that lists the products, with its script and style",
    disposing(async (use) => {
      const shop = use(await startShop());
      const page = await (await fetch(shop.url)).text();
      assert.match(page, /<strong>Tea Pot<\/strong> <span>€39\.90<\/span>/);
      for (const [path, type] of [
        ["/shop.js", "text/javascript"],
        ["/shop.css", "text/css"],
      ] as const) {
        assert.ok(page.includes(`"${path}"`), `the page refers to ${path}`);
        const asset = await fetch(shop.url + path);
        assert.equal(asset.status, 200);
        assert.ok(asset.headers.get("content-type")?.startsWith(type), `${path} is ${type}`);
        await asset.text();
      }
    }),
  );

  test(
    "ends cleanly on SIGTERM, even while somebody follows the feed",
    disposing(async (use) => {
      const shop = use(await startShop());
      const subscriber = use(await subscribe(shop.url));
      const goodbye = subscriber.goodbye();
      shop.kill("SIGTERM");
      assert.equal((await goodbye).code, 1001);
      assert.deepEqual(await shop.ending, { exitCode: 0, signal: null, errorOutput: "" });
    }),
  );

  test(
    "refuses a port that is none with a message, not a stack trace",
    disposing(async (use) => {
      const shop = use(await startShop({ PORT: "http" }));
      const { exitCode, errorOutput } = await shop.ending;
      assert.equal(exitCode, 1);
      assert.equal(errorOutput.trim(), 'The shop cannot run: PORT must be a whole number from 0 to 65535, not "http"');
    }),
  );

  test(
    "refuses a port that is taken with a message, not a stack trace",
    disposing(async (use) => {
      const other = use(createServer().listen(0, "127.0.0.1"));
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const shop = use(await startShop({ PORT: String(port) }));
      const { exitCode, errorOutput } = await shop.ending;
      assert.equal(exitCode, 1);
      assert.match(errorOutput, /^The shop cannot run: listen EADDRINUSE\b.*\n$/);
    }),
  );

  test(
    "refuses a Redis that is not there with a message, not a stack trace",
    disposing(async (use) => {
      const closed = createServer().listen(0, "127.0.0.1");
      await once(closed, "listening");
      const { port } = closed.address() as AddressInfo;
      closed.close();
      const shop = use(await startShop({ REDIS_URL: `redis://clerk:secret@127.0.0.1:${port}` }));
      const { exitCode, errorOutput } = await shop.ending;
      assert.equal(exitCode, 1);
      const reason = `connect ECONNREFUSED 127.0.0.1:${port}`;
      assert.equal(errorOutput, `The shop cannot run: no Redis at REDIS_URL: ${reason}\n`);
    }),
  );
});
