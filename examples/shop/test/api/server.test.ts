import { expect, test } from "vitest";
import { postgresUrl } from "../rig/test-database.ts";
import { redisUrl } from "../rig/test-redis.ts";
import { startTestShop } from "../rig/test-shop.ts";
import { disposing } from "../rig/disposing.ts";

test(
  "GET /health names the database that answers, and says whether Redis does",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const database = postgresUrl ? "postgresql" : "sqlite";
    const body = { status: "ok", database, ...(redisUrl ? { redis: "connected" } : {}) };
    expect(await shop.get("/health")).toEqual({ status: 200, body });
  }),
);

test(
  "GET / escapes what comes out of the database and lets the browser run only the shop’s own script",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const response = await fetch(shop.url);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(await response.text()).toContain("Salt &amp; Pepper");
  }),
);

test(
  "an address that the shop does not have is answered with an error in JSON",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    for (const path of ["/nowhere", "/api/orders", "/..%2fpackage.json"]) {
      expect(await shop.get(path)).toEqual({
        status: 404,
        body: { error: { code: "not-found", message: `nothing here answers GET ${path}` } },
      });
    }
  }),
);

test(
  "a fault of the shop is reported to the shop and kept from the caller",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    await shop.breakDatabase();
    expect(await shop.get("/api/products")).toEqual({
      status: 500,
      body: { error: { code: "internal-error", message: "something went wrong in the shop" } },
    });
    expect((await shop.get("/health")).status).toBe(500);
    expect(shop.bugs).toHaveLength(2);
  }),
);

test(
  "GET /orders/:id is the page of an order, and a page that says so where there is none",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("tea-pot");
    const page = await fetch(`${shop.url}/orders/${id}`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringMatching(/^text\/html/)]);
    expect(await page.text()).toContain(`data-order="${id}"`);
    for (const other of ["00000000-0000-4000-8000-000000000000", "1", "%00"]) {
      const missing = await fetch(`${shop.url}/orders/${other}`);
      expect([missing.status, missing.headers.get("content-type")]).toEqual([
        404,
        expect.stringMatching(/^text\/html/),
      ]);
      expect(await missing.text()).toContain("There is no such order");
    }
    expect(shop.bugs).toEqual([]);
  }),
);
