import { ApexError } from "@netra-apex/core";
import type { CliOptions } from "../flags.ts";

/** The flags about a run's stream contradict each other. */
class StreamFlagError extends ApexError {
  readonly code = "APEX_STREAM_FLAG";
}

/** Where a run is to be followed live. */
export interface StreamRequest {
  /** Of a hub of the run's own; 0 is one that is free. */
  readonly port?: number;
  /** Of a hub elsewhere. */
  readonly url?: string;
  /** Whether the hub is to serve the page as well. */
  readonly hasPage: boolean;
}

/** The flags that are about streaming. */
export type StreamOptions = Pick<CliOptions, "websocketPort" | "websocketUrl" | "websocketThreadId" | "ui">;

/** What the flags ask for; undefined where nothing is to be streamed. Throws `StreamFlagError`. */
export function streamRequest({
  websocketPort: port,
  websocketUrl: url,
  websocketThreadId: threadId,
  ui: hasPage = false,
}: StreamOptions): StreamRequest | undefined {
  if (threadId?.trim() === "") {
    throw new StreamFlagError("--websocket-thread-id was given, but the id is empty", {
      hint: "is the variable that it comes from set?",
    });
  }
  if (url?.trim() === "") {
    throw new StreamFlagError("--websocket-url was given, but the address is empty", {
      hint: "such as ws://127.0.0.1:4700",
    });
  }
  if (port === undefined && url === undefined && !hasPage) return undefined;
  return {
    hasPage,
    ...(port === undefined ? (hasPage ? { port: 0 } : {}) : { port }),
    ...(url === undefined ? {} : { url }),
  };
}
