import { on, once } from "node:events";
import { WebSocket } from "ws";
import type { OrderEvent } from "../../src/orders/order.ts";

/** How long a test waits for something to happen before it fails. */
const PATIENCE_MS = 3000;

/** A real WebSocket client of the shop's feed. */
export interface FeedSubscriber extends Disposable {
  readonly socket: WebSocket;
  /** The next event that was not asked for yet; rejects if none comes. */
  nextEvent(): Promise<OrderEvent>;
  nextEvents(count: number): Promise<OrderEvent[]>;
  /** Resolves with code and reason once the connection is closed; ask before what closes it. */
  goodbye(): Promise<{ code: number; reason: string }>;
}

export interface SubscribeOptions {
  readonly path?: string;
  /** How long it waits altogether, for its subscription and its events. */
  readonly patienceMs?: number;
}

/** Returns once the shop has taken the subscription: no later event is missed. */
export async function subscribe(
  shopUrl: string,
  { path = "/feed", patienceMs = PATIENCE_MS }: SubscribeOptions = {},
): Promise<FeedSubscriber> {
  const socket = new WebSocket(`${shopUrl.replace(/^http/, "ws")}${path}`);
  const signal = AbortSignal.timeout(patienceMs);
  const messages = on(socket, "message", { signal, close: ["close"] });
  await once(socket, "open", { signal });

  async function nextEvent(): Promise<OrderEvent> {
    const { done, value } = await messages.next();
    if (done) throw new Error("the feed ended before the event came");
    return JSON.parse(String(value[0])) as OrderEvent;
  }

  return {
    socket,
    nextEvent,
    async nextEvents(count) {
      const events: OrderEvent[] = [];
      while (events.length < count) events.push(await nextEvent());
      return events;
    },
    async goodbye() {
      const [code, reason] = await once(socket, "close", { signal });
      return { code, reason: String(reason) };
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}
