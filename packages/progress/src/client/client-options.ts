import type { Clock, RunEvent, RunId } from "@netra-apex/core";
import type { Cursor, Snapshot } from "../websocket/protocol.ts";
import type { BackoffOptions } from "./backoff.ts";
import type { StreamRefusedError } from "./stream-error.ts";

/** What is needed of a WebSocket: the browser's, Node's, or that of `ws`. */
export interface ClientSocket {
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes the sockets of a client. */
export type ClientSocketConstructor = new (url: string, subprotocols: string[]) => ClientSocket;

/** What is needed of `fetch`. */
export type ClientFetch = (
  url: string,
  init: {
    readonly signal: AbortSignal;
    readonly cache: "no-store";
    readonly credentials: "same-origin";
    readonly redirect: "error";
    readonly headers: Readonly<Record<string, string>>;
  },
) => Promise<{ readonly status: number; json(): Promise<unknown> }>;

/** What a consumer gets, in order. */
export type StreamItem =
  | { readonly type: "event"; readonly thread: string; readonly event: RunEvent }
  /** In place of events that the hub has no more: forget what is known of this run, and begin anew with these. */
  | ({ readonly type: "snapshot"; readonly thread: string } & Snapshot);

/** A run that the hub knew when the subscription began. */
export interface KnownRun {
  readonly run: RunId;
  readonly thread: string;
  readonly lastSeq: number;
}

/**
 * How a client is.
 *
 * ```text
 * connecting ──▶ open ──▶ waiting ──▶ connecting …
 *     │            ├────▶ paused  ──▶ connecting …   (the consumer has caught up)
 *     └────────────┴─ each, for good ──▶ closed
 * ```
 */
export type ClientState =
  /** `tries` before this one have failed since a connection last held. */
  | { readonly kind: "connecting"; readonly tries: number }
  /** The subscription stands. */
  | { readonly kind: "open"; readonly runs: readonly KnownRun[] }
  /** Not connected; tried again then (milliseconds since the epoch), or as soon as the browser is online or looked at again. */
  | { readonly kind: "waiting"; readonly untilMs: number; readonly reason: string; readonly code?: number }
  /** More waits for the consumer than may; the socket was given up until half of it is taken. */
  | { readonly kind: "paused" }
  /** For good: by the consumer, or because the hub refused (`error`). */
  | { readonly kind: "closed"; readonly error?: StreamRefusedError };

/** What happened so far. */
export interface ClientCounts {
  /** Subscriptions that stood, the first included. */
  readonly connections: number;
  /** Events handed over or waiting to be. */
  readonly events: number;
  readonly snapshots: number;
  /** Events that came although they were there already; they were dropped. */
  readonly repeats: number;
  /** Times at which events were missing in between; each was mended by asking again. */
  readonly gaps: number;
  /** Times at which the socket was given up because the consumer was too slow. */
  readonly pauses: number;
}

/** What to follow, and how. */
export interface ConnectOptions {
  /** Of the hub: `ws://127.0.0.1:4700` or, with TLS, `wss://…`; `http` and `https` are understood. */
  readonly url: string | URL;
  /** As it is, or what makes a new one for each connection. */
  readonly token?: string | (() => string | Promise<string>);
  /** One thread; all that the token opens when absent, those of the future included. */
  readonly thread?: string;
  /** One run. */
  readonly run?: RunId;
  /** A {@link RunClient.cursor} of before, to go on after. */
  readonly after?: Cursor;
  /**
   * Called for each item, in place of iterating. What it throws is reported as an uncaught error, as of any listener; the
   * stream goes on.
   */
  readonly onItem?: (item: StreamItem) => void;
  readonly onState?: (state: ClientState) => void;
  /** Closes the client when it is aborted. */
  readonly signal?: AbortSignal;
  /**
   * How much may wait for an iterator, in events and in characters of JSON; 10,000 and 8 Mi when absent. A WebSocket cannot be
   * told to wait, so over this the client gives the socket up, and comes again from where it was once half is taken.
   */
  readonly buffer?: { readonly events?: number; readonly characters?: number };
  readonly backoff?: BackoffOptions;
  /** How long a connection may take until the subscription stands, in milliseconds; 10,000 when absent. */
  readonly openTimeoutMs?: number;
  /** The global one when absent. */
  readonly WebSocket?: ClientSocketConstructor;
  /** Asks the hub why a connection was not opened, which a WebSocket is not told. The global one when absent. */
  readonly fetch?: ClientFetch;
  readonly clock?: Pick<Clock, "now" | "schedule">;
  readonly random?: () => number;
}
