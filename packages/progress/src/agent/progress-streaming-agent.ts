import type { Agent, AgentHealth, AgentHost, AgentLogger, Reporter, RunEvent, RunId } from "@netra-apex/core";
import { createWebSocketPublisher } from "../websocket/publisher/create-publisher.ts";
import type { PublisherOptions, PublisherState, PublisherStatus } from "../websocket/publisher/publisher-options.ts";
import type { WebSocketHub } from "../websocket/websocket-hub.ts";

/** Name of the agent that {@link createProgressStreamingAgent} makes. */
export const progressStreamingAgentName = "progress-streaming";

/** Where runs are streamed to: a hub of this process, or one elsewhere. */
export type ProgressStreamingOptions =
  | {
      /** Stays as it is when the run is over. */
      readonly hub: Pick<WebSocketHub, "createReporter" | "stats">;
      readonly threadId: string;
      /** Whose the runs are; the user of this machine when absent. */
      readonly userId?: string;
    }
  | { readonly publish: PublisherOptions };

/** How the streaming of a run is, as the agent answers to the topic `progress.status` and as a node. */
export interface StreamingStatus {
  /** `streaming`: whoever follows the run sees it. The others are those of a publisher whose hub is elsewhere. */
  readonly state: "streaming" | Exclude<PublisherState["kind"], "open">;
  readonly threadId: string;
  readonly run?: RunId;
  /** Of the last event of the run. */
  readonly lastSeq: number;
  /** Of the last event that the hub has. */
  readonly deliveredSeq: number;
  /** Readers at the hub of this process; those of one elsewhere are not known here. */
  readonly readers?: number;
  /** The hub elsewhere, without what is secret in its address. */
  readonly url?: string;
  /** Times at which it got a digest in place of events that were kept no more. */
  readonly snapshots?: number;
  /** Why it gets nothing now. */
  readonly problem?: string;
}

/**
 * The agent that streams a run live: its reporter hands each event to a hub, from the first to the last, and the agent knows how
 * that goes. It is degraded while a hub elsewhere is not reached, answers messages of the topic `progress.status` with a
 * {@link StreamingStatus}, and as an agent of a node has that as its output. For one run at a time: give runs that overlap one each.
 * Throws `PublisherOptionsError`.
 */
export function createProgressStreamingAgent(options: ProgressStreamingOptions): Agent<unknown, StreamingStatus> {
  return new ProgressStreamingAgent(options);
}

/** One run on its way to its hub. */
interface RunStream {
  readonly reporter: Reporter;
  status(seen: Pick<StreamingStatus, "lastSeq"> & { readonly run: RunId | undefined }): StreamingStatus;
}

class ProgressStreamingAgent implements Agent<unknown, StreamingStatus> {
  readonly name = progressStreamingAgentName;
  readonly leavesEventsAlone = true;
  readonly description = "Streams the run to those who watch it, and says how that goes.";
  readonly #options: ProgressStreamingOptions;
  #stream: RunStream;
  #logger: AgentLogger | undefined;
  /** Said before there was a logger. */
  #notices: string[] = [];
  #run: RunId | undefined;
  #lastSeq = 0;

  constructor(options: ProgressStreamingOptions) {
    this.#options = options;
    this.#stream = this.#open();
  }

  createReporter(): Reporter {
    this.#run = undefined;
    this.#lastSeq = 0;
    this.#stream = this.#open();
    const { reporter } = this.#stream;
    return {
      name: this.name,
      onEvent: (event) => {
        this.#see(event);
        reporter.onEvent(event);
      },
      close: () => reporter.close?.(),
    };
  }

  async start({ logger }: AgentHost): Promise<void> {
    this.#logger = logger;
    for (const notice of this.#notices.splice(0)) logger.warn(notice);
  }

  async stop(): Promise<void> {
    this.#logger = undefined;
  }

  async execute(): Promise<StreamingStatus> {
    return this.#status();
  }

  health(): AgentHealth {
    const { problem, url, lastSeq, deliveredSeq, readers } = this.#status();
    if (problem !== undefined) {
      const waiting = lastSeq - deliveredSeq;
      return { state: "degraded", detail: `hub at ${url}: ${problem}; ${waiting} events have not arrived` };
    }
    return { state: "healthy", ...(readers === undefined ? {} : { detail: `${readers} watching` }) };
  }

  async handleMessage({ topic }: { readonly topic: string }): Promise<StreamingStatus> {
    if (topic !== "progress.status")
      throw new TypeError(`the agent ${this.name} knows no topic but progress.status, not ${topic}`);
    return this.#status();
  }

  #see({ runId, seq }: RunEvent): void {
    this.#run = runId;
    this.#lastSeq = seq;
  }

  #status(): StreamingStatus {
    return this.#stream.status({ run: this.#run, lastSeq: this.#lastSeq });
  }

  #open(): RunStream {
    const options = this.#options;
    if ("hub" in options) return streamToHub(options);
    const { onNotice } = options.publish;
    const publisher = createWebSocketPublisher({
      ...options.publish,
      onNotice: (message) => {
        onNotice?.(message);
        if (this.#logger) this.#logger.warn(message);
        else this.#notices.push(message);
      },
    });
    return { reporter: publisher, status: () => statusOfPublisher(publisher.status) };
  }
}

function streamToHub({ hub, threadId, userId }: Extract<ProgressStreamingOptions, { hub: unknown }>): RunStream {
  return {
    reporter: hub.createReporter({ threadId, ...(userId === undefined ? {} : { userId }) }),
    status: ({ run, lastSeq }) => ({
      state: "streaming",
      threadId,
      ...(run === undefined ? {} : { run }),
      lastSeq,
      deliveredSeq: lastSeq,
      readers: hub.stats().readers,
    }),
  };
}

function statusOfPublisher(status: PublisherStatus): StreamingStatus {
  const { state, url, threadId, run, lastSeq, deliveredSeq, snapshots, problem } = status;
  return {
    state: state.kind === "open" ? "streaming" : state.kind,
    threadId,
    ...(run === undefined ? {} : { run }),
    lastSeq,
    deliveredSeq,
    url,
    snapshots,
    ...(problem === undefined ? {} : { problem }),
  };
}
