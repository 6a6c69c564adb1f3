import type { Agent, Reporter, RunEvent, RunId, UserContext } from "@netra-apex/core";
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
  readonly agents: readonly Agent[];
  readonly reporters: readonly Reporter[];
  /** Whether there is a page, and a person at a terminal who may look at it after the run. */
  readonly isKept: boolean;
  /** Keeps the page up until that person has had enough. */
  linger(): Promise<void>;
  /** Lets everybody have what is due, within a bound. Called again, it is the same closing. */
  close(): Promise<void>;
}

/** Opens what a run is followed by. Throws `HubListenError`, `HubFileError`, `PublisherOptionsError` or `PageMissingError`. */
export async function openStream(request: StreamRequest, run: StreamedRun): Promise<RunStream> {
  const { createProgressStreamingAgent } = await import("@netra-apex/progress/websocket");
  const threadId = run.user.threadId ?? run.runId;
  const { port, url, hasPage } = request;
  const agent =
    url === undefined
      ? undefined
      : createProgressStreamingAgent({
          publish: {
            url,
            ...withToken(tokenFor(url)),
            threadId,
            replay: (_, afterSeq) => run.eventsAfter(afterSeq),
          },
        });
  const own =
    port === undefined ? undefined : await openHub({ port, hasPage, ...withToken(givenToken()), say: run.say });
  // One agent looks after the streaming of a run: that to elsewhere, of which there is something to tell.
  const ofHub = own && !agent ? createProgressStreamingAgent({ hub: own.hub, threadId }) : undefined;
  return {
    agents: [agent, ofHub].filter((one) => one !== undefined),
    reporters: own && agent ? [own.hub.createReporter({ threadId })] : [],
    isKept: own?.isKept ?? false,
    linger: async () => own?.linger(),
    close: async () => own?.close(),
  };
}

function withToken(token: string | undefined): { readonly token?: string } {
  return token === undefined ? {} : { token };
}
