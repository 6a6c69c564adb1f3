import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type WebSocket, WebSocketServer, WebSocket as WsClient } from "ws";
import { subprotocol } from "../../src/websocket/protocol.ts";

/** How a connection is made to end, after so many bytes of the hub's (messages, where it is closed). */
export type Fault =
  /** The hub's end of it is gone: a reset. */
  | { readonly kind: "reset"; readonly after: number }
  /** The network is cut in the middle of a frame. */
  | { readonly kind: "cut"; readonly after: number }
  /** Nothing comes any more, and nobody says so. */
  | { readonly kind: "silence"; readonly after: number }
  /** Somebody in between closes in order. */
  | { readonly kind: "close"; readonly after: number; readonly code: number }
  /** Something is done to the hub. */
  | { readonly kind: "hub"; readonly after: number; readonly act: () => void };

/** A proxy that ends one connection after the other as its plan says: `next` is asked for the first, second, … fault, or none. */
export class ChaosProxy {
  readonly #target: { readonly port: number; readonly token: string };
  readonly #next: (number: number) => Fault | undefined;
  readonly #open = new Set<Socket>();
  readonly #server: Server;
  #relay: WebSocketServer | undefined;
  #closing: Extract<Fault, { kind: "close" }> | undefined;
  /** What was done, by kind. */
  readonly done: Partial<Record<Fault["kind"], number>> = {};

  constructor(target: { readonly port: number; readonly token: string }, next: (number: number) => Fault | undefined) {
    this.#target = target;
    this.#next = next;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  get total(): number {
    return Object.values(this.done).reduce((sum, count) => sum + count, 0);
  }

  async listen(): Promise<string> {
    this.#relay = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => subprotocol });
    this.#relay.on("connection", (socket) => this.#passOn(socket));
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve());
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    for (const socket of this.#relay?.clients ?? []) socket.terminate();
    this.#relay?.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #did({ kind }: Fault): void {
    this.done[kind] = (this.done[kind] ?? 0) + 1;
  }

  #serve(client: Socket): void {
    const fault = this.#next(this.total + 1);
    this.#closing = fault?.kind === "close" ? fault : undefined;
    const port = fault?.kind === "close" ? (this.#relay!.address() as AddressInfo).port : this.#target.port;
    const hub = connect(port, "127.0.0.1");
    for (const socket of [client, hub]) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#open.delete(socket);
        client.destroy();
        hub.destroy();
      });
    }
    client.pipe(hub);
    let left = fault && fault.kind !== "close" ? fault.after : Number.POSITIVE_INFINITY;
    hub.on("data", (chunk: Buffer) => {
      if (left <= 0) return;
      left -= chunk.length;
      if (left > 0 || !fault || fault.kind === "close") {
        client.write(chunk);
        return;
      }
      client.write(chunk.subarray(0, chunk.length + left));
      this.#did(fault);
      this.#end(fault, client);
    });
  }

  #end(fault: Exclude<Fault, { kind: "close" }>, client: Socket): void {
    switch (fault.kind) {
      case "reset":
        client.resetAndDestroy();
        return;
      case "cut":
        // What was written arrives before the end does.
        client.end();
        setTimeout(() => client.destroy(), 5);
        return;
      case "silence":
        client.unpipe();
        return;
      case "hub":
        fault.act();
        return;
      default:
        fault satisfies never;
    }
  }

  /** As a proxy that understands WebSockets does. */
  #passOn(client: WebSocket): void {
    const fault = this.#closing;
    const hub = new WsClient(`ws://127.0.0.1:${this.#target.port}/v1/subscribe`, subprotocol, {
      headers: { authorization: `Bearer ${this.#target.token}` },
    });
    let messages = 0;
    client.on("error", () => undefined);
    hub.on("error", () => client.terminate());
    hub.on("close", () => client.close(1012));
    client.on("close", () => hub.terminate());
    client.on("message", (data: Buffer) => hub.send(data.toString()));
    hub.on("message", (data: Buffer) => {
      client.send(data.toString());
      messages += 1;
      if (!fault || messages !== fault.after) return;
      this.#did(fault);
      client.close(fault.code, "chaos");
    });
  }
}
