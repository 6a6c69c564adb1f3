import type { Clock } from "@netra-apex/core";
import { type HubMessage, protocolVersion, type SubscriberMessage } from "../websocket/protocol.ts";
import type { ClientSocket } from "./client-options.ts";
import { abnormalClosure, type ConnectionEnd, judgeClose, unwellMs } from "./close-verdict.ts";
import { readHubMessage } from "./read-hub-message.ts";
import { type RefusalReason, StreamRefusedError } from "./stream-error.ts";

/** What a connection tells of itself. */
export interface ConnectionOptions {
  readonly clock: Pick<Clock, "now" | "schedule">;
  readonly openTimeoutMs: number;
  /** Asks the hub why the socket was never opened; undefined where there is no more to learn. */
  readonly askWhy?: (signal: AbortSignal) => Promise<ConnectionEnd | undefined>;
  readonly subscription: Omit<Extract<SubscriberMessage, { type: "subscribe" }>, "type" | "id">;
  readonly onMessage: (
    message: Extract<HubMessage, { type: "subscribed" | "events" | "snapshot" }>,
    characters: number,
  ) => void;
  /** Once, after which nothing more comes. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

const subscriptionId = "1";

/** After so many heartbeats without a word, the hub is gone. */
const missedBeats = 2;
/** What promises more is not kept to it: timers are not free. */
const shortestBeatMs = 50;

/** One socket, from its opening to its end: says what is wanted, hands on what comes, and notices when nothing comes any more. */
export class Connection {
  readonly #socket: ClientSocket;
  readonly #options: ConnectionOptions;
  #cancelTimer: () => void;
  #heartbeatMs: number | undefined;
  #heardMs: number;
  readonly #leave = new AbortController();
  #isOpened = false;
  #isSubscribed = false;
  #isOver = false;

  constructor(socket: ClientSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#heardMs = options.clock.now();
    this.#cancelTimer = options.clock.schedule(options.openTimeoutMs, () =>
      this.#end({ kind: "lost", reason: "the hub does not answer" }),
    );
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("open", () => {
      this.#isOpened = true;
    });
    // What there is to say about an error follows with the close.
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", ({ code, reason }) => void this.#onClose(judgeClose(code, reason)));
  }

  /** Gives the socket up; nothing more is told of it. */
  drop(): void {
    this.#finish();
  }

  /** Gives the socket up for a reason of one's own. */
  end(end: ConnectionEnd): void {
    this.#end(end);
  }

  /** Whether the hub has been silent for too long; timers may have slept with the machine or the page. */
  checkPulse(): void {
    if (this.#isOver || this.#heartbeatMs === undefined) return;
    const nowMs = this.#options.clock.now();
    // The clock was set back.
    this.#heardMs = Math.min(this.#heardMs, nowMs);
    if (nowMs - this.#heardMs > missedBeats * this.#heartbeatMs) {
      this.#end({ kind: "lost", reason: "the hub has fallen silent" });
    }
  }

  async #onClose(end: ConnectionEnd): Promise<void> {
    const { askWhy } = this.#options;
    const isUnexplained = !this.#isOpened && end.kind === "lost" && end.code === abnormalClosure;
    if (isUnexplained && askWhy && !this.#isOver) this.#end((await askWhy(this.#leave.signal)) ?? end);
    else this.#end(end);
  }

  #receive(data: unknown): void {
    if (this.#isOver) return;
    this.#isOpened = true;
    this.#heardMs = this.#options.clock.now();
    let message: HubMessage | undefined;
    try {
      message = readHubMessage(data);
    } catch (error) {
      const reason = `what came is not of a hub: ${(error as Error).message}`;
      this.#end({ kind: "lost", reason, atLeastMs: unwellMs });
      return;
    }
    if (message) this.#handle(message, (data as string).length);
  }

  #handle(message: HubMessage, characters: number): void {
    switch (message.type) {
      case "welcome":
        this.#welcome(message);
        return;
      case "heartbeat":
        return;
      case "error":
        this.#refuse(message);
        return;
      case "subscribed":
        this.#isSubscribed = true;
        this.#watchPulse();
        this.#options.onMessage(message, characters);
        return;
      case "events":
      case "snapshot":
        this.#options.onMessage(message, characters);
        return;
      default:
        message satisfies never;
    }
  }

  #welcome({ protocol, heartbeatMs }: Extract<HubMessage, { type: "welcome" }>): void {
    if (protocol !== protocolVersion) {
      const message = `the hub speaks version ${protocol} of the protocol, this client version ${protocolVersion}`;
      this.#end({ kind: "refused", error: new StreamRefusedError("protocol", message) });
      return;
    }
    if (this.#heartbeatMs !== undefined) return;
    this.#heartbeatMs = Math.max(heartbeatMs, shortestBeatMs);
    const { subscription } = this.#options;
    this.#socket.send(
      JSON.stringify({ type: "subscribe", id: subscriptionId, ...subscription } satisfies SubscriberMessage),
    );
  }

  #refuse({ code, message }: Extract<HubMessage, { type: "error" }>): void {
    const reason: RefusalReason | undefined = refusals[code];
    // What is wrong once the subscription stands is the hub's own affair, or followed by a close.
    if (reason === undefined && this.#isSubscribed) return;
    this.#end(
      reason === undefined
        ? { kind: "lost", reason: `the hub says: ${message}`, atLeastMs: unwellMs }
        : { kind: "refused", error: new StreamRefusedError(reason, `the hub says: ${message}`) },
    );
  }

  /** One timer for all: to set one anew with each message would cost more than the messages. */
  #watchPulse(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.schedule(this.#heartbeatMs ?? this.#options.openTimeoutMs, () => {
      this.checkPulse();
      if (!this.#isOver) this.#watchPulse();
    });
  }

  #end(end: ConnectionEnd): void {
    if (this.#isOver) return;
    this.#finish();
    this.#options.onEnd(end);
  }

  #finish(): void {
    this.#isOver = true;
    this.#cancelTimer();
    this.#leave.abort();
    try {
      this.#socket.close(1000);
    } catch {
      // Some refuse to be closed while they connect; what they still say is not listened to.
    }
  }
}

const refusals: Readonly<Record<Extract<HubMessage, { type: "error" }>["code"], RefusalReason | undefined>> = {
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  bad_message: "bad-message",
  gap: undefined,
  limit: undefined,
  internal: undefined,
};
