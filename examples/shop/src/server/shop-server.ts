import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Database } from "../database/database.ts";
import { readShopId } from "../database/shop-id.ts";
import { OrderDesk } from "../orders/order-desk.ts";
import { createApp } from "./app.ts";
import { Feed } from "./feed.ts";
import type { OrderRelay } from "./order-relay.ts";

export interface ShopServerOptions {
  /** Stays the caller's: close it after the server. */
  readonly database: Database;
  /** Of the Redis by which the feed tells of the orders of every process; only of this one's without it. */
  readonly redisUrl?: string | undefined;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly reportBug: (error: unknown) => void;
}

export interface ShopServer {
  readonly url: string;
  /** Takes no new work, finishes what runs and dismisses the feed's subscribers. */
  close(): Promise<void>;
}

/**
 * Starts the shop and returns once it listens.
 * @throws the system's error if it cannot listen, e.g. because the port is taken, and an Error if Redis is not there
 */
export async function startShopServer({
  database,
  redisUrl,
  host,
  port,
  reportBug,
}: ShopServerOptions): Promise<ShopServer> {
  const server = createServer();
  const feed = new Feed(server);
  const relay = redisUrl === undefined ? undefined : await connectFeeds(feed, { database, redisUrl });
  const orders = new OrderDesk({
    database,
    publish(event) {
      feed.publish(event);
      relay?.publish(event);
    },
    now: () => new Date(),
  });
  const answer = getRequestListener(createApp({ database, orders, relay, reportBug }).fetch);
  server.on("request", (request, response) => void answer(request, response));
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    relay?.close();
    throw error;
  }
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      feed.close();
      server.close();
      await once(server, "close");
      relay?.close();
    },
  };
}

/** From now on the feed tells of the orders of other processes, too, those that sell from the same database. */
async function connectFeeds(
  feed: Feed,
  { database, redisUrl }: { readonly database: Database; readonly redisUrl: string },
): Promise<OrderRelay> {
  // A shop without Redis does not need its client.
  const { connectOrderRelay } = await import("./order-relay.ts");
  const channel = `shop:${await readShopId(database)}:orders`;
  return connectOrderRelay({ url: redisUrl, channel, onEvent: (event) => feed.publish(event) });
}
