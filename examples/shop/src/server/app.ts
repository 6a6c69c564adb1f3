import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { findProduct, listProducts } from "../catalog/catalog.ts";
import type { Database } from "../database/database.ts";
import type { OrderDesk } from "../orders/order-desk.ts";
import { InvalidRequestError, parseOrderRequest } from "../orders/order-request.ts";
import { UnknownOrderError } from "../orders/order-store.ts";
import { describeError, NotFoundError } from "./error-response.ts";
import { renderMissingOrderPage, renderOrderPage } from "./order-page.ts";
import type { OrderRelay } from "./order-relay.ts";
import { renderShopPage } from "./shop-page.ts";

const PUBLIC_FOLDER = join(import.meta.dirname, "../../public");
const MAX_BODY_BYTES = 16 * 1024;

export interface AppOptions {
  readonly database: Database;
  readonly orders: OrderDesk;
  /** To the other processes, where there is one. */
  readonly relay?: OrderRelay | undefined;
  /** Hears of every error that is the shop's own fault; the caller only learns that there was one. */
  readonly reportBug: (error: unknown) => void;
}

/** The routes of the shop: its pages, its JSON API and its health. */
export function createApp({ database, orders, relay, reportBug }: AppOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"], imgSrc: ["'self'", "data:"] } }));

  app.get("/", async (c) => c.html(renderShopPage(await listProducts(database))));
  app.get("/orders/:id", async (c) => {
    try {
      return await c.html(renderOrderPage(await orders.find(c.req.param("id"))));
    } catch (error) {
      if (error instanceof UnknownOrderError) return c.html(renderMissingOrderPage(), 404);
      throw error;
    }
  });
  app.get("/health", async (c) => {
    await database.query("SELECT 1");
    const redis = relay && { redis: relay.isConnected ? "connected" : "away" };
    return c.json({ status: "ok", database: database.dialect, ...redis });
  });

  app.get("/api/products", async (c) => c.json(await listProducts(database)));
  app.get("/api/products/:id", async (c) => c.json(await findProduct(database, c.req.param("id"))));

  app.post("/api/orders", bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseBody }), async (c) =>
    c.json(await orders.place(parseOrderRequest(await readJson(c))), 201),
  );
  app.get("/api/orders/:id", async (c) => c.json(await orders.find(c.req.param("id"))));
  for (const action of ["pay", "ship", "cancel"] as const) {
    app.post(`/api/orders/:id/${action}`, async (c) => c.json(await orders.change(c.req.param("id"), action)));
  }

  app.use(serveStatic({ root: PUBLIC_FOLDER }));
  app.notFound((c) => {
    throw new NotFoundError(`nothing here answers ${c.req.method} ${c.req.path}`);
  });
  app.onError((error, c) => {
    const { status, body } = describeError(error);
    if (status === 500) reportBug(error);
    return c.json(body, status);
  });
  return app;
}

function refuseBody(): never {
  throw new InvalidRequestError([`the body must not exceed ${MAX_BODY_BYTES} bytes`]);
}

async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new InvalidRequestError(["the body is not JSON"]);
  }
}
