import { openDatabase } from "../../src/database/open-database.ts";
import type { Order } from "../../src/orders/order.ts";
import type { ErrorBody } from "../../src/server/error-response.ts";
import { startShopServer } from "../../src/server/shop-server.ts";
import { createTestDatabase } from "./test-database.ts";
import { findTestRedis } from "./test-redis.ts";

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The real server on a free port, with a database of its own, and a client for it. */
export interface TestShop extends AsyncDisposable {
  readonly url: string;
  /** What the shop reported as its own fault. */
  readonly bugs: readonly unknown[];
  get<Body>(path: string): Promise<Answer<Body>>;
  /** @param body sent as JSON; a string is sent as it is */
  post<Body = ErrorBody>(path: string, body?: unknown): Promise<Answer<Body>>;
  /** Orders one product and returns the order. */
  order(productId: string, quantity?: number): Promise<Order>;
  /** Breaks the shop's database, for tests of what callers see then. */
  breakDatabase(): Promise<void>;
}

export interface TestShopOptions {
  /** Of an existing database; without it the shop gets a new one, which goes with it. */
  readonly databaseAddress?: string;
  /** The one that `REDIS_URL` names, where it names one. */
  readonly redisUrl?: string | undefined;
  /** Any free port, unless the shop is to come back where it was. */
  readonly port?: number;
}

/** Starts the shop; everything of it is gone when it is disposed of. */
export async function startTestShop({
  databaseAddress,
  redisUrl = findTestRedis(),
  port = 0,
}: TestShopOptions = {}): Promise<TestShop> {
  const place = databaseAddress === undefined ? await createTestDatabase() : undefined;
  const database = await openDatabase(databaseAddress ?? place?.address ?? "");
  const closeDatabase = once(() => database.close());
  const bugs: unknown[] = [];
  const reportBug = (bug: unknown) => bugs.push(bug);
  const server = await startShopServer({ database, redisUrl, host: "127.0.0.1", port, reportBug });

  async function request<Body>(path: string, init: RequestInit): Promise<Answer<Body>> {
    const response = await fetch(server.url + path, init);
    return { status: response.status, body: (await response.json()) as Body };
  }

  function post<Body>(path: string, body: unknown = {}): Promise<Answer<Body>> {
    return request(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
  }

  return {
    url: server.url,
    bugs,
    get: (path) => request(path, {}),
    post,
    order: async (productId, quantity = 1) =>
      (await post<Order>("/api/orders", { lines: [{ productId, quantity }] })).body,
    breakDatabase: closeDatabase,
    [Symbol.asyncDispose]: once(async () => {
      await server.close();
      await closeDatabase();
      await place?.[Symbol.asyncDispose]();
    }),
  };
}

/** Does it the first time; every later call waits for the same. */
function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
