import { type Clock, encodeEvent, type RunEvent, type RunId, systemClock } from "@netra-apex/core";
import { backgroundClock } from "../../background-clock.ts";
import { Backoff } from "../../client/backoff.ts";
import { type ConnectionEnd, unwellMs } from "../../client/close-verdict.ts";
import { StreamRefusedError } from "../../client/stream-error.ts";
import type { ErrorMessage, PublisherHubMessage } from "../protocol.ts";
import { RunDigest } from "../run-digest.ts";
import { EventRing } from "./event-ring.ts";
import { HubLink } from "./hub-link.ts";
import { NotDeliveredError } from "./publisher-error.ts";
import {
  defaultPublisherLimits,
  publishAddress,
  type PublisherLimits,
  type PublisherOptions,
  type PublisherState,
  type PublisherStatus,
  type WebSocketPublisher,
} from "./publisher-options.ts";
import { RunSender } from "./run-sender.ts";

/**
 * A reporter that sends one run to a hub elsewhere, in the background: whatever becomes of the hub, the run is neither held up
 * nor failed by it. After each reconnection it goes on from where the hub is. Throws `PublisherOptionsError`.
 */
export function createWebSocketPublisher(options: PublisherOptions): WebSocketPublisher {
  return new Publisher(options);
}

/** A hub that was never there is not waited for in the end as one that was. */
const strangerMs = 500;
/** Times in a row that a hub may say that events are missing. */
const mostGaps = 3;

class Publisher implements WebSocketPublisher {
  readonly name = "websocket";
  readonly #options: PublisherOptions;
  readonly #address: URL;
  readonly #url: string;
  readonly #limits: PublisherLimits;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #digest = new RunDigest();
  readonly #ring: EventRing;
  readonly #said = new Set<string>();
  #state: PublisherState = { kind: "idle" };
  #problem: string | undefined;
  #run: RunId | undefined;
  #link: HubLink | undefined;
  #sender: RunSender | undefined;
  #cancelTimer: (() => void) | undefined;
  #dialledAtMs = 0;
  #lastSeq = 0;
  #deliveredSeq = 0;
  #connections = 0;
  #snapshots = 0;
  #gapsInARow = 0;
  #closing: { readonly promise: Promise<void>; readonly settle: (reason?: string) => void } | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#address = publishAddress(options);
    this.#url = `${this.#address.protocol}//${this.#address.host}`;
    this.#limits = { ...defaultPublisherLimits, ...options.limits };
    this.#clock = options.clock ?? backgroundClock;
    this.#backoff = new Backoff(options.backoff, options.random);
    this.#ring = new EventRing(this.#limits, ({ event, line }) => this.#digest.add(event, line));
  }

  get status(): PublisherStatus {
    return {
      state: this.#state,
      url: this.#url,
      threadId: this.#options.threadId,
      run: this.#run,
      lastSeq: this.#lastSeq,
      deliveredSeq: this.#deliveredSeq,
      problem: this.#problem,
      connections: this.#connections,
      snapshots: this.#snapshots,
    };
  }

  onEvent(event: RunEvent): void {
    if (this.#closing) return;
    this.#run ??= event.runId;
    if (event.runId !== this.#run) throw new TypeError(`this publisher is of the run ${this.#run}, not ${event.runId}`);
    this.#lastSeq = event.seq;
    if (this.#state.kind === "refused") return;
    this.#ring.push(event, encodeEvent(event));
    if (this.#state.kind === "idle") this.#connect();
    else this.#sender?.pumpSoon();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing.promise;
  }

  #close() {
    const { promise, resolve, reject } = openPromise();
    const settle = (reason?: string): void => {
      cancelDeadline();
      const missing = this.#lastSeq - this.#deliveredSeq;
      this.#end();
      if (reason === undefined || missing <= 0) resolve();
      else reject(new NotDeliveredError({ missing, total: this.#lastSeq }, `hub at ${this.#url}: ${reason}`));
    };
    const closing = { promise, settle };
    this.#closing = closing;
    const askedForMs = this.#clock.monotonicMs() - this.#dialledAtMs;
    // One that has been asked for that long already gets no more of the run's time.
    const strangersMs = Math.max(0, Math.min(strangerMs, this.#limits.closeMs) - askedForMs);
    const graceMs = this.#connections === 0 ? strangersMs : this.#limits.closeMs;
    // Of all timers the one that the process must wait for.
    const clock = this.#options.clock ?? systemClock;
    const cancelDeadline = clock.schedule(graceMs, () => settle("it does not answer"));
    this.#hurry();
    return closing;
  }

  /** What is still to be done is done now, or not at all. */
  #hurry(): void {
    const { kind } = this.#state;
    if (this.#lastSeq <= this.#deliveredSeq) this.#closing?.settle();
    else if (this.#state.kind === "refused") this.#closing?.settle(this.#state.reason);
    else if (kind === "open") this.#sender?.pump();
    else if (kind === "waiting") this.#connect();
  }

  #connect(): void {
    this.#cancelTimer?.();
    this.#state = { kind: "connecting" };
    this.#dialledAtMs = this.#clock.monotonicMs();
    this.#link = new HubLink({
      address: this.#address,
      token: this.#options.token,
      clock: this.#clock,
      openMs: this.#limits.openMs,
      onWelcome: () => this.#openRun(),
      onAnswer: (answer) => this.#onAnswer(answer),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  #openRun(): void {
    this.#sender?.stop();
    this.#sender = undefined;
    if (this.#run === undefined) return;
    this.#link?.sendMessage({ type: "open_run", run: this.#run, thread: this.#options.threadId });
  }

  #onAnswer(answer: Exclude<PublisherHubMessage, { type: "welcome" | "heartbeat" }>): void {
    switch (answer.type) {
      case "run_opened":
        this.#onRunOpened(answer.lastSeq);
        return;
      case "published":
        this.#gapsInARow = 0;
        this.#onDelivered(answer.lastSeq);
        return;
      case "error":
        this.#onError(answer);
        return;
      default:
        answer satisfies never;
    }
  }

  #onRunOpened(hubSeq: number): void {
    const { replay } = this.#options;
    if (!this.#link || this.#run === undefined) return;
    if (this.#state.kind !== "open") {
      this.#connections += 1;
      this.#problem = undefined;
      this.#state = { kind: "open" };
      this.#cancelTimer = this.#clock.schedule(this.#backoff.stableMs, () => this.#backoff.reset());
    }
    const sender = new RunSender(
      {
        link: this.#link,
        run: this.#run,
        ring: this.#ring,
        digest: this.#digest,
        replay,
        limits: this.#limits,
        clock: this.#clock,
        onSnapshot: () => {
          this.#snapshots += 1;
        },
      },
      hubSeq,
    );
    this.#sender = sender;
    this.#onDelivered(hubSeq);
    sender.pump();
  }

  #onDelivered(hubSeq: number): void {
    this.#deliveredSeq = Math.min(hubSeq, this.#lastSeq);
    if (this.#lastSeq <= this.#deliveredSeq) this.#closing?.settle();
  }

  #onError({ code, message }: ErrorMessage): void {
    const said = `it says: ${message}`;
    switch (code) {
      case "gap":
        this.#gapsInARow += 1;
        if (this.#gapsInARow > mostGaps) this.#giveUp({ kind: "lost", reason: said, atLeastMs: unwellMs });
        else this.#openRun();
        return;
      case "limit":
      case "internal":
        this.#giveUp({ kind: "lost", reason: said, atLeastMs: unwellMs });
        return;
      case "unauthorized":
      case "forbidden":
        this.#giveUp({ kind: "refused", error: new StreamRefusedError(code, said) });
        return;
      case "bad_message":
        this.#giveUp({ kind: "refused", error: new StreamRefusedError("bad-message", said) });
        return;
      default:
        code satisfies never;
    }
  }

  /** Ends a connection that answers, but not as it should. */
  #giveUp(end: ConnectionEnd): void {
    this.#link?.cut();
    this.#onEnd(end);
  }

  #onEnd(end: ConnectionEnd): void {
    const wasOpen = this.#state.kind === "open";
    this.#cancelTimer?.();
    this.#sender?.stop();
    this.#sender = undefined;
    this.#link = undefined;
    this.#problem = end.kind === "refused" ? end.error.message : end.reason;
    if (end.kind === "refused") {
      const reason = end.error.message;
      this.#state = { kind: "refused", reason };
      this.#notice(`the hub at ${this.#url} refuses the run: ${reason}`);
      this.#closing?.settle(reason);
      return;
    }
    const { reason, atLeastMs } = end;
    if (this.#connections === 0) {
      this.#notice(`the hub at ${this.#url} cannot be reached, which is tried again meanwhile: ${reason}`);
    }
    if (this.#closing && !wasOpen) {
      this.#closing.settle(reason);
      return;
    }
    const waitMs = this.#closing ? 0 : this.#backoff.next(atLeastMs);
    this.#state = { kind: "waiting", untilMs: this.#clock.now() + waitMs, reason };
    this.#cancelTimer = this.#clock.schedule(waitMs, () => this.#connect());
  }

  #notice(message: string): void {
    const { onNotice } = this.#options;
    const kind = this.#state.kind === "refused" ? "refused" : "unreachable";
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    onNotice?.(message);
  }

  #end(): void {
    this.#cancelTimer?.();
    this.#sender?.stop();
    if (this.#state.kind === "open") this.#link?.leave();
    else this.#link?.cut();
    this.#link = undefined;
    this.#state = { kind: "closed" };
  }
}

function openPromise() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
