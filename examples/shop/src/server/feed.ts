import type { Server } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import type { OrderEvent } from "../orders/order.ts";

/** Subscribers only listen, so anything longer than this is not meant for the shop. */
const MAX_INCOMING_BYTES = 1024;
/** How long a subscriber may take to answer the goodbye. */
const CLOSE_GRACE_MS = 500;

/** The WebSocket at `/feed`: every subscriber gets every order event, as JSON, in the order in which this process learns of them. */
export class Feed {
  readonly #sockets: WebSocketServer;

  constructor(server: Server) {
    this.#sockets = new WebSocketServer({ server, path: "/feed", maxPayload: MAX_INCOMING_BYTES });
    // ws repeats the HTTP server's errors and reports broken frames; unheard, either would end the process.
    this.#sockets.on("error", () => {});
    this.#sockets.on("connection", (socket) => socket.on("error", () => socket.terminate()));
  }

  publish(event: OrderEvent): void {
    const message = JSON.stringify(event);
    for (const socket of this.#sockets.clients) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    }
  }

  /** Says goodbye to all subscribers (1001, going away) and takes no new ones. */
  close(): void {
    this.#sockets.close();
    for (const socket of this.#sockets.clients) {
      socket.close(1001, "the shop is closing");
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    }
  }
}
