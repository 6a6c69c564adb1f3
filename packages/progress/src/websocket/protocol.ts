import type { NodeId, RunEvent, RunId, TestCounts } from "@netra-apex/core";

/*
 * What goes over a socket, both ways: JSON texts, one message each. Nothing here needs Node or a library, for browsers speak it, too.
 *
 * A run's stream has one numbering (`seq`), whoever reads it, so a reader's place in a thread is a `seq` for each of its runs. It says
 * where it is when it subscribes, and gets what follows; so a reconnection and a first connection are the same thing, a hub remembers
 * nothing of readers that are gone, and one that was started anew is as good as the one before.
 */

/** Version of these messages. */
export const protocolVersion = 1;

/** The subprotocol that both sides agree on. */
export const subprotocol = "apex.v1";

/** A browser cannot set headers, so its token comes as a subprotocol beside {@link subprotocol}: this and the token as base64url. */
export const tokenSubprotocolPrefix = "bearer.";

/** Where readers connect, and where programs that publish do. */
export const socketPaths = { subscribe: "/v1/subscribe", publish: "/v1/publish" } as const;

/** Why a socket was closed. 1011 is never sent: what goes wrong here is an {@link ErrorMessage}. */
export const closeCodes = {
  normal: 1000,
  /** The hub goes down. */
  goingAway: 1001,
  tooBig: 1009,
  /** A message that is none of these. */
  badMessage: 4400,
  /** The token is not valid any more. */
  unauthorized: 4401,
  forbidden: 4403,
  /** The reader took nothing for too long; it can go on from where it was. */
  slowConsumer: 4408,
  tooManyCommands: 4429,
} as const;

/** By run, the `seq` of the last event that a reader has. */
export type Cursor = Readonly<Record<RunId, number>>;

/** What a reader sends. */
export type SubscriberMessage =
  | {
      readonly type: "subscribe";
      /** Of the reader's choice; answers carry it. */
      readonly id: string;
      /** One thread of the reader's user; absent: all of them that the reader may see, those of the future included. */
      readonly thread?: string;
      /** One run of it. */
      readonly run?: RunId;
      /** What the reader has already; runs that are not named come from their beginning, as far as it is kept. */
      readonly after?: Cursor;
    }
  | { readonly type: "unsubscribe"; readonly id: string };

/** What a program that publishes sends. */
export type PublisherMessage =
  /** First, also after each reconnection; answered by {@link RunOpenedMessage}. */
  | { readonly type: "open_run"; readonly run: RunId; readonly thread: string }
  /** In order, without a gap, from where the hub said. */
  | { readonly type: "publish"; readonly run: RunId; readonly events: readonly RunEvent[] }
  /** In place of events that the publisher has no more: what they amount to. The numbering goes on after `throughSeq`. */
  | ({ readonly type: "publish_snapshot" } & Snapshot);

/** What the events up to a point amount to, told as events, too, so that one fold reads both: see `RunDigest` and `viewOfSnapshot`. */
export interface Snapshot {
  readonly run: RunId;
  readonly throughSeq: number;
  /** In order, with gaps: those that still matter for what is shown now. */
  readonly events: readonly RunEvent[];
  /** Tests of nodes that run now, of their attempt now, which are not among the events: only their number matters. Absent: none. */
  readonly omittedTests?: readonly { readonly nodeId: NodeId; readonly counts: TestCounts }[];
}

/** What a hub sends to everybody. */
export type CommonHubMessage =
  | {
      /** First of all. */
      readonly type: "welcome";
      readonly protocol: number;
      /** At least this often something comes; after two without, the hub is gone. */
      readonly heartbeatMs: number;
    }
  | { readonly type: "heartbeat" }
  | ErrorMessage;

/** What was asked for is not done; the socket stays as it is unless a close follows. */
export interface ErrorMessage {
  readonly type: "error";
  readonly code: "bad_message" | "forbidden" | "gap" | "limit" | "unauthorized" | "internal";
  readonly message: string;
  /** Of the subscription or the run that was asked for. */
  readonly about?: string;
}

/** What a hub sends to readers. */
export type HubMessage =
  | CommonHubMessage
  | {
      /** The subscription stands; what is there already follows at once, then what happens. */
      readonly type: "subscribed";
      readonly id: string;
      readonly runs: readonly { readonly run: RunId; readonly thread: string; readonly lastSeq: number }[];
    }
  | {
      /** Events of one run, in order: after what the reader has of it, without a gap. Each comes once, however many subscriptions name it. */
      readonly type: "events";
      readonly run: RunId;
      readonly thread: string;
      readonly events: readonly RunEvent[];
    }
  | ({
      /** What the reader asked for is not kept any more, or it cannot keep up: in its place. Events go on after `throughSeq`. */
      readonly type: "snapshot";
      readonly thread: string;
    } & Snapshot);

/** What a hub sends to those that publish. */
export type PublisherHubMessage =
  | CommonHubMessage
  | { readonly type: "run_opened"; readonly run: RunId; readonly lastSeq: number }
  /** Everything up to here has arrived. */
  | { readonly type: "published"; readonly run: RunId; readonly lastSeq: number };
