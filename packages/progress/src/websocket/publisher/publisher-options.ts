import type { Clock, Reporter, RunEvent, RunId } from "@netra-apex/core";
import type { BackoffOptions } from "../../client/backoff.ts";
import { socketAddress } from "../../client/socket-address.ts";
import { socketPaths } from "../protocol.ts";
import { PublisherOptionsError } from "./publisher-error.ts";

/** What a publisher holds and how long it takes; sizes are in bytes, times in milliseconds. */
export interface PublisherLimits {
  /** The latest events of the run that are kept for a hub that lacks them. Default: 10,000. */
  readonly events: number;
  /** The same in bytes. Default: 8 MiB. */
  readonly bytes: number;
  /** Events in one message; one that is larger goes alone. Default: 256 KiB. */
  readonly frameBytes: number;
  /** A socket that holds as much gets nothing more until it has been written. Default: 1 MiB. */
  readonly socketBytes: number;
  /** Events are gathered for so long. Default: 50. */
  readonly gatherMs: number;
  /** Until a connection is open. Default: 10 s. */
  readonly openMs: number;
  /** For what is still due at the end of the run. Default: 2 s. */
  readonly closeMs: number;
}

/** Where a run is published, and how. */
export interface PublisherOptions {
  /** Of the hub: `ws://127.0.0.1:4700` or, with TLS, `wss://…`; `http` and `https` are understood. */
  readonly url: string;
  /** Goes as `Authorization: Bearer`. Never in the clear over a network: that takes `wss`. */
  readonly token?: string;
  readonly threadId: string;
  /**
   * The events of the run after that one, as they were kept elsewhere (a journal), for a hub that lacks more than is held here.
   * Without it, or where it does not go far enough, the hub gets what they amount to.
   */
  readonly replay?: (run: RunId, afterSeq: number) => AsyncIterable<RunEvent>;
  readonly limits?: Partial<PublisherLimits>;
  readonly backoff?: BackoffOptions;
  /** Told in words, each once: that the hub cannot be reached, that it refuses. */
  readonly onNotice?: (message: string) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** How a publisher is. */
export type PublisherState =
  /** There was no event yet. */
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  /** The hub takes events. */
  | { readonly kind: "open" }
  /** Not connected; tried again then, in milliseconds since the epoch. */
  | { readonly kind: "waiting"; readonly untilMs: number; readonly reason: string }
  /** The hub will not take them; it is not asked again. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "closed" };

/** How far a publisher is. */
export interface PublisherStatus {
  readonly state: PublisherState;
  /** The hub, without what is secret in its address. */
  readonly url: string;
  readonly threadId: string;
  /** Undefined before its first event. */
  readonly run: RunId | undefined;
  /** Of the last event of the run. */
  readonly lastSeq: number;
  /** Of the last event that the hub has said to have. */
  readonly deliveredSeq: number;
  /** What went wrong since the hub last took events; undefined while all is well. */
  readonly problem: string | undefined;
  /** Connections that stood, the first included. */
  readonly connections: number;
  /** Times at which the hub got a digest in place of events. */
  readonly snapshots: number;
}

/** A reporter that sends a run to a hub elsewhere, and never holds it up. */
export interface WebSocketPublisher extends Reporter {
  readonly status: PublisherStatus;
  /**
   * Sends what is still due, within the deadline. Rejects with `NotDeliveredError` when not all has arrived.
   */
  close(): Promise<void>;
}

/** What is used where `limits` says nothing. */
export const defaultPublisherLimits: PublisherLimits = {
  events: 10_000,
  bytes: 8 * 1024 * 1024,
  frameBytes: 256 * 1024,
  socketBytes: 1024 * 1024,
  gatherMs: 50,
  openMs: 10_000,
  closeMs: 2_000,
};

/** The address of a hub's socket for publishers. Throws `PublisherOptionsError` for one that must not be used. */
export function publishAddress({ url, token }: Pick<PublisherOptions, "url" | "token">): URL {
  let address: URL;
  try {
    address = new URL(socketAddress(url, socketPaths.publish));
  } catch (error) {
    throw new PublisherOptionsError((error as Error).message, {
      hint: "write it as ws://HOST:PORT, or with wss:// where it speaks TLS",
      cause: error,
    });
  }
  if (address.username !== "" || address.password !== "") {
    throw new PublisherOptionsError("the address of a hub must not hold a name or a password", {
      hint: "hand the token in apart from it",
    });
  }
  if (token !== undefined && address.protocol === "ws:" && !isLoopback(address.hostname)) {
    throw new PublisherOptionsError(`the token would go over the network in the clear to ${address.host}`, {
      hint: `use wss://${address.host}, or a tunnel to an address of this machine`,
    });
  }
  return address;
}

function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
