import type { Reporter, RunEvent, RunId, UserContext } from "@netra-apex/core";
import { openHub } from "./open-hub.ts";
import { givenToken, tokenFor } from "./stream-token.ts";
import type { StreamRequest } from "./stream-request.ts";

/** What of a run its stream needs to know. */
export interface StreamedRun {
  readonly runId: RunId;
  readonly user: UserContext;
  /** Tells a person something, in the middle of the run or outside of it. */
  readonly say: (message: string) => void;
  /** What of the run is kept already. */
  readonly eventsAfter: (seq: number) => AsyncIterable<RunEvent>;
}

/** A run's stream, open. */
export interface RunStream {
  readonly reporters: readonly Reporter[];
  /** Keeps the page up, where there is one and a person to look at it, until that person has had enough. */
  linger(): Promise<void>;
  /** Lets everybody have what is due, within a bound. */
  close(): Promise<void>;
}

/** Opens what a run is followed by. Throws `HubListenError`, `HubFileError`, `PublisherOptionsError` or `PageMissingError`. */
export async function openStream(request: StreamRequest, run: StreamedRun): Promise<RunStream> {
  const { createWebSocketPublisher } = await import("@netra-apex/progress/websocket");
  const threadId = run.user.threadId ?? run.runId;
  const publisher =
    request.url === undefined
      ? undefined
      : createWebSocketPublisher({
          url: request.url,
          ...withToken(tokenFor(request.url)),
          threadId,
          replay: (_, afterSeq) => run.eventsAfter(afterSeq),
          onNotice: (message) => run.say(`stream  ${message}`),
        });
  const hub =
    request.port === undefined
      ? undefined
      : await openHub({
          port: request.port,
          hasPage: request.hasPage,
          ...withToken(givenToken()),
          threadId,
          say: run.say,
        });
  return {
    reporters: [hub?.reporter, publisher].filter((reporter) => reporter !== undefined),
    linger: async () => hub?.linger(),
    close: async () => hub?.close(),
  };
}

function withToken(token: string | undefined): { readonly token?: string } {
  return token === undefined ? {} : { token };
}
