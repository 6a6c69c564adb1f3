/** Follows the runs of a hub, in browsers and in Node. It imports nothing. */
export { connect, type RunClient } from "./connect.ts";
export type { BackoffOptions } from "./backoff.ts";
export type {
  ClientCounts,
  ClientFetch,
  ClientSocket,
  ClientSocketConstructor,
  ClientState,
  ConnectOptions,
  KnownRun,
  StreamItem,
} from "./client-options.ts";
export { type RefusalReason, StreamRefusedError } from "./stream-error.ts";
export type { Cursor, Snapshot } from "../websocket/protocol.ts";
