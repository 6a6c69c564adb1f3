import type { RunEvent } from "@netra-apex/core";
import type { ClientSocket, ClientSocketConstructor } from "../../src/client/client-options.ts";
import type { HubMessage, SubscriberMessage } from "../../src/websocket/protocol.ts";

interface Listeners {
  readonly message: ((event: { readonly data: unknown }) => void)[];
  readonly close: ((event: { readonly code: number; readonly reason: string }) => void)[];
}

/** An event of a numbered run; readers care for nothing else of it. */
export function numbered(run: string, seq: number): RunEvent {
  const at = "2026-01-31T14:25:00.000Z";
  return { version: 1, seq, at, runId: run, type: "run_paused", reason: `${run} ${seq}` };
}

/** The hub's end of a socket whose every word and end a test decides. */
export class ScriptedSocket implements ClientSocket {
  readonly url: string;
  readonly subprotocols: readonly string[];
  readonly sent: SubscriberMessage[] = [];
  /** The client has given it up. */
  isGivenUp = false;
  readonly #listeners: Listeners = { message: [], close: [] };

  constructor(url: string, subprotocols: readonly string[]) {
    this.url = url;
    this.subprotocols = subprotocols;
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === "message" || type === "close") (this.#listeners[type] as ((event: never) => void)[]).push(listener);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as SubscriberMessage);
  }

  close(): void {
    this.isGivenUp = true;
  }

  say(message: HubMessage): void {
    this.sayText(JSON.stringify(message));
  }

  sayText(data: unknown): void {
    for (const listener of this.#listeners.message) listener({ data });
  }

  end(code: number, reason = ""): void {
    for (const listener of this.#listeners.close) listener({ code, reason });
  }

  /** What it asked for. Throws when it has not asked yet. */
  get subscription(): Extract<SubscriberMessage, { type: "subscribe" }> {
    const [first] = this.sent;
    if (first?.type !== "subscribe") throw new Error("it has not subscribed");
    return first;
  }

  welcome(heartbeatMs = 1_000): void {
    this.say({ type: "welcome", protocol: 1, heartbeatMs });
  }

  /** Welcomes, and lets the subscription stand. */
  accept(runs: readonly { readonly run: string; readonly thread: string; readonly lastSeq: number }[] = []): void {
    this.welcome();
    this.say({ type: "subscribed", id: this.subscription.id, runs });
  }

  events(run: string, ...seqs: readonly number[]): void {
    this.say({ type: "events", run, thread: "main", events: seqs.map((seq) => numbered(run, seq)) });
  }
}

/** A WebSocket that keeps what was made of it. */
export function scriptedSockets(): { readonly sockets: ScriptedSocket[]; readonly WebSocket: ClientSocketConstructor } {
  const sockets: ScriptedSocket[] = [];
  class Scripted extends ScriptedSocket {
    constructor(url: string, subprotocols: string[]) {
      super(url, subprotocols);
      sockets.push(this);
    }
  }
  return { sockets, WebSocket: Scripted };
}
