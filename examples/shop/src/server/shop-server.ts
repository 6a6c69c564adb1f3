import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Database } from "../database/database.ts";
import { OrderDesk } from "../orders/order-desk.ts";
import { createApp } from "./app.ts";
import { Feed } from "./feed.ts";

export interface ShopServerOptions {
  /** Stays the caller's: close it after the server. */
  readonly database: Database;
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
 * @throws the system's error if it cannot listen, e.g. because the port is taken
 */
export async function startShopServer({ database, host, port, reportBug }: ShopServerOptions): Promise<ShopServer> {
  const server = createServer();
  const feed = new Feed(server);
  const orders = new OrderDesk({ database, publish: (event) => feed.publish(event), now: () => new Date() });
  const answer = getRequestListener(createApp({ database, orders, reportBug }).fetch);
  server.on("request", (request, response) => void answer(request, response));
  server.listen(port, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      feed.close();
      server.close();
      await once(server, "close");
    },
  };
}
