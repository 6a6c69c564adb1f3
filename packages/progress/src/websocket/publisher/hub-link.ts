import type { Clock } from "@netra-apex/core";
import { WebSocket } from "ws";
import { type ConnectionEnd, judgeClose, unwellMs } from "../../client/close-verdict.ts";
import { StreamRefusedError } from "../../client/stream-error.ts";
import { type PublisherHubMessage, type PublisherMessage, protocolVersion, subprotocol } from "../protocol.ts";
import { readHubAnswer } from "./read-hub-answer.ts";

/** What a link tells of itself. */
export interface HubLinkOptions {
  readonly address: URL;
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly openMs: number;
  /** The hub speaks our protocol, and waits to hear of the run. */
  readonly onWelcome: () => void;
  readonly onAnswer: (answer: Exclude<PublisherHubMessage, { type: "welcome" | "heartbeat" }>) => void;
  /** Once, after which nothing more comes. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

/** After so many heartbeats without a word, the hub is gone. */
const missedBeats = 2;
/** What promises more is not kept to it: timers are not free. */
const shortestBeatMs = 50;
/** For a closing handshake that nobody waits for. */
const farewellMs = 1_000;
/** A hub says little to those that publish. */
const largestAnswer = 64 * 1024;

/** One connection of a publisher, from its handshake to its end. */
export class HubLink {
  readonly #socket: WebSocket;
  readonly #options: HubLinkOptions;
  #cancelTimer: () => void;
  #heartbeatMs: number | undefined;
  #heardMs: number;
  #isOver = false;

  constructor(options: HubLinkOptions) {
    const { address, token, clock, openMs } = options;
    this.#options = options;
    this.#heardMs = clock.monotonicMs();
    this.#socket = new WebSocket(address, [subprotocol], {
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      perMessageDeflate: false,
      maxPayload: largestAnswer,
      handshakeTimeout: openMs,
    });
    this.#cancelTimer = clock.schedule(openMs, () => this.#end({ kind: "lost", reason: "it does not answer" }));
    let fault: string | undefined;
    this.#socket.on("unexpected-response", (request, response) => {
      request.destroy();
      this.#end(judgeStatus(response.statusCode ?? 0));
    });
    this.#socket.on("error", (error) => {
      fault = error.message === "" ? ((error as NodeJS.ErrnoException).code ?? "unknown error") : error.message;
    });
    this.#socket.on("close", (code, reason) => {
      const end = judgeClose(code, reason.toString());
      this.#end(end.kind === "lost" && fault !== undefined ? { ...end, reason: fault } : end);
    });
    this.#socket.on("message", (data: Buffer, isBinary) => this.#receive(isBinary ? undefined : data.toString()));
  }

  /** Bytes that the socket holds. */
  get heldBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    // What fails is followed by a close.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text, () => undefined);
  }

  sendMessage(message: Extract<PublisherMessage, { type: "open_run" }>): void {
    this.send(JSON.stringify(message));
  }

  /** Takes leave; nothing more is told of it. */
  leave(): void {
    this.#finish();
    this.#socket.close(1000);
    this.#options.clock.schedule(farewellMs, () => this.#socket.terminate());
  }

  /** Cuts the connection off; nothing more is told of it. */
  cut(): void {
    this.#finish();
    this.#socket.terminate();
  }

  #receive(text: string | undefined): void {
    if (this.#isOver) return;
    this.#heardMs = this.#options.clock.monotonicMs();
    const answer = text === undefined ? undefined : readHubAnswer(text);
    if (answer === undefined) {
      this.#end({ kind: "lost", reason: "what answers there is no hub", atLeastMs: unwellMs });
      return;
    }
    switch (answer.type) {
      case "unknown":
      case "heartbeat":
        return;
      case "welcome":
        this.#welcome(answer);
        return;
      case "error":
      case "run_opened":
      case "published":
        this.#options.onAnswer(answer);
        return;
      default:
        answer satisfies never;
    }
  }

  #welcome({ protocol, heartbeatMs }: Extract<PublisherHubMessage, { type: "welcome" }>): void {
    if (protocol !== protocolVersion) {
      const message = `it speaks version ${protocol} of the protocol, this publisher version ${protocolVersion}`;
      this.#end({ kind: "refused", error: new StreamRefusedError("protocol", message) });
      return;
    }
    if (this.#heartbeatMs !== undefined) return;
    this.#heartbeatMs = Math.max(heartbeatMs, shortestBeatMs);
    this.#watchPulse(this.#heartbeatMs);
    this.#options.onWelcome();
  }

  #watchPulse(heartbeatMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.schedule(heartbeatMs, () => {
      if (this.#options.clock.monotonicMs() - this.#heardMs > missedBeats * heartbeatMs) {
        this.#end({ kind: "lost", reason: "it has fallen silent" });
      } else {
        this.#watchPulse(heartbeatMs);
      }
    });
  }

  #end(end: ConnectionEnd): void {
    if (this.#isOver) return;
    this.cut();
    this.#options.onEnd(end);
  }

  #finish(): void {
    this.#isOver = true;
    this.#cancelTimer();
  }
}

/** What an answer in HTTP means, in place of a socket. */
function judgeStatus(status: number): ConnectionEnd {
  if (status === 401) {
    return { kind: "refused", error: new StreamRefusedError("unauthorized", "it does not take the token (401)") };
  }
  if (status === 403) {
    return { kind: "refused", error: new StreamRefusedError("forbidden", "it does not allow to publish here (403)") };
  }
  const reason = `it answers with HTTP ${status}`;
  // Full, or about to be started anew, is what passes.
  return { kind: "lost", reason, ...(status === 503 ? {} : { atLeastMs: unwellMs }) };
}
