import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import type { OrderEvent } from "../orders/order.ts";

/** What Redis may take to answer. */
const ANSWER_TIMEOUT_MS = 3000;
const MAX_RETRY_MS = 1000;

/** Its types leave out how long it holds the process for the sake of a connection that has broken. */
const CLOSING = { disconnectTimeout: 200 };

export interface OrderRelayOptions {
  /** `redis://user:password@host:port` */
  readonly url: string;
  /** The same for all processes that sell from one database, and for no others. */
  readonly channel: string;
  /** Hears of the orders of all other processes. */
  readonly onEvent: (event: OrderEvent) => void;
}

/** Tells the other processes of the shop of orders, and hears of theirs. */
export interface OrderRelay {
  /** Whether Redis is there at the moment. */
  readonly isConnected: boolean;
  /** Returns at once. What happens while Redis is away, the others never hear. */
  publish(event: OrderEvent): void;
  close(): void;
}

/**
 * Connects this process with the others by Redis. When Redis goes away later, the relay looks for it until it is back.
 * @throws Error if there is no Redis to begin with
 */
export async function connectOrderRelay({ url, channel, onEvent }: OrderRelayOptions): Promise<OrderRelay> {
  const sender = randomUUID();
  // A connection that listens to a channel can do nothing else.
  const listener = createClient(url);
  const speaker = createClient(url);
  function close(): void {
    listener.disconnect();
    speaker.disconnect();
  }

  listener.on("message", (_channel: string, message: string) => {
    const news = JSON.parse(message) as { readonly sender: string; readonly event: OrderEvent };
    if (news.sender !== sender) onEvent(news.event);
  });
  try {
    await Promise.all([connect(listener), connect(speaker)]);
    await listener.subscribe(channel);
  } catch (error) {
    close();
    throw error;
  }
  return {
    get isConnected() {
      return listener.status === "ready" && speaker.status === "ready";
    },
    publish(event) {
      speaker.publish(channel, JSON.stringify({ sender, event })).catch(() => {});
    },
    close,
  };
}

function createClient(url: string): Redis {
  return new Redis(url, {
    ...CLOSING,
    lazyConnect: true,
    connectTimeout: ANSWER_TIMEOUT_MS,
    commandTimeout: ANSWER_TIMEOUT_MS,
    // An event that waited for Redis to come back would be no news any more.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 50, MAX_RETRY_MS),
  });
}

async function connect(redis: Redis): Promise<void> {
  let reason: Error | undefined;
  // Also of later breaks, which are mended; unheard, they would be printed.
  redis.on("error", (error) => (reason ??= error));
  try {
    await redis.connect();
  } catch (error) {
    throw new Error(`no Redis at REDIS_URL: ${(reason ?? (error as Error)).message}`, { cause: error });
  }
}
