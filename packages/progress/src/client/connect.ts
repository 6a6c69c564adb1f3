import { type Cursor, type HubMessage, socketPaths } from "../websocket/protocol.ts";
import { askWhy } from "./ask-why.ts";
import { Backoff } from "./backoff.ts";
import type {
  ClientCounts,
  ClientFetch,
  ClientSocketConstructor,
  ClientState,
  ConnectOptions,
  KnownRun,
  StreamItem,
} from "./client-options.ts";
import type { ConnectionEnd } from "./close-verdict.ts";
import { Connection } from "./connection.ts";
import { ItemQueue } from "./item-queue.ts";
import { pageClock } from "./page-clock.ts";
import { Place } from "./place.ts";
import { socketAddress, subprotocols } from "./socket-address.ts";
import type { StreamRefusedError } from "./stream-error.ts";
import { onWakeUp } from "./wake-up.ts";

/**
 * A subscription that outlives its connections: each event once, in order, without a gap. Iterate over it, or give `onItem`.
 * The iteration ends when the client is closed, and throws `StreamRefusedError` when the hub refuses for good; leaving it closes
 * the client.
 */
export interface RunClient extends AsyncIterable<StreamItem> {
  readonly state: ClientState;
  /** What was handed over of each run. Keep it, and give it as `after` to go on from there, after a page was loaded anew say. */
  readonly cursor: Cursor;
  readonly counts: ClientCounts;
  /** Ends it for good. */
  close(): void;
}

/**
 * Follows the runs of a hub, and goes on by itself whenever the connection is lost. Returns at once. Throws `TypeError` for an
 * address that is none, and where there is no WebSocket.
 */
export function connect(options: ConnectOptions): RunClient {
  return new ResumingClient(options);
}

const defaultOpenTimeoutMs = 10_000;
const defaultBuffer = { events: 10_000, characters: 8 * 1024 * 1024 };

class ResumingClient implements RunClient {
  readonly #options: ConnectOptions;
  readonly #address: string;
  readonly #Socket: ClientSocketConstructor;
  readonly #clock: NonNullable<ConnectOptions["clock"]>;
  readonly #backoff: Backoff;
  readonly #queue = new ItemQueue<StreamItem>();
  readonly #received: Place;
  readonly #handedOver: Place;
  readonly #bounds: { readonly events: number; readonly characters: number };
  readonly #stopListening: () => void;
  readonly #counts = { connections: 0, events: 0, snapshots: 0, repeats: 0, gaps: 0, pauses: 0 };
  #state: ClientState = { kind: "connecting", tries: 0 };
  #connection: Connection | undefined;
  #cancelTimer: (() => void) | undefined;
  #isTokenWorn = false;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#address = socketAddress(options.url, socketPaths.subscribe);
    const Socket = options.WebSocket ?? (globalThis as { readonly WebSocket?: ClientSocketConstructor }).WebSocket;
    if (!Socket) throw new TypeError("there is no WebSocket here; hand one in");
    this.#Socket = Socket;
    this.#clock = options.clock ?? pageClock;
    this.#backoff = new Backoff(options.backoff, options.random);
    this.#received = new Place(options.after);
    this.#handedOver = new Place(options.after);
    this.#bounds = { ...defaultBuffer, ...options.buffer };
    const stopWaking = onWakeUp(() => this.#wakeUp());
    const close = (): void => this.close();
    this.#stopListening = () => {
      stopWaking();
      options.signal?.removeEventListener("abort", close);
    };
    options.signal?.addEventListener("abort", close, { once: true });
    if (options.signal?.aborted) this.close();
    else void this.#open();
  }

  get state(): ClientState {
    return this.#state;
  }

  get cursor(): Cursor {
    return this.#handedOver.cursor;
  }

  get counts(): ClientCounts {
    return { ...this.#counts };
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamItem, undefined> {
    if (this.#options.onItem) throw new TypeError("the items of this client go to onItem");
    return {
      next: () => {
        const next = this.#queue.next(this.#onTaken);
        this.#resumeOnceTaken();
        return next;
      },
      return: async () => {
        this.close();
        return { done: true, value: undefined };
      },
    };
  }

  close(): void {
    if (this.#state.kind === "closed") return;
    this.#queue.clear();
    this.#finish();
  }

  #finish(error?: StreamRefusedError): void {
    this.#giveUpConnection();
    this.#stopListening();
    this.#moveTo(error ? { kind: "closed", error } : { kind: "closed" });
    this.#queue.end(error);
  }

  async #open(): Promise<void> {
    const { token: source, thread, run, openTimeoutMs = defaultOpenTimeoutMs } = this.#options;
    const { fetch = (globalThis as { readonly fetch?: ClientFetch }).fetch } = this.#options;
    const connecting: ClientState = { kind: "connecting", tries: this.#backoff.tries };
    this.#moveTo(connecting);
    let socket;
    let token: string | undefined;
    try {
      token = typeof source === "function" ? await source() : source;
      // Closed meanwhile.
      if (this.#state !== connecting) return;
      socket = new this.#Socket(this.#address, subprotocols(token));
    } catch (error) {
      if (this.#state === connecting) this.#onEnd({ kind: "lost", reason: (error as Error).message });
      return;
    }
    this.#connection = new Connection(socket, {
      clock: this.#clock,
      openTimeoutMs,
      ...(fetch && { askWhy: (signal: AbortSignal) => askWhy(this.#address, { fetch, token, signal }) }),
      subscription: {
        ...(thread === undefined ? {} : { thread }),
        ...(run === undefined ? {} : { run }),
        after: this.#received.cursorToSend,
      },
      onMessage: (message, characters) => this.#onMessage(message, characters),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  #onMessage(message: Extract<HubMessage, { type: "subscribed" | "events" | "snapshot" }>, characters: number): void {
    switch (message.type) {
      case "subscribed":
        this.#onSubscribed(message.runs);
        return;
      case "events":
        this.#onEvents(message, characters);
        break;
      case "snapshot":
        this.#onSnapshot(message, characters);
        break;
      default:
        message satisfies never;
    }
    this.#queue.serve(this.#onTaken);
    const { events, characters: most } = this.#bounds;
    if (this.#connection && (this.#queue.length > events || this.#queue.weight > most)) {
      this.#counts.pauses += 1;
      this.#giveUpConnection();
      this.#moveTo({ kind: "paused" });
    }
  }

  #onSubscribed(runs: readonly KnownRun[]): void {
    this.#counts.connections += 1;
    this.#isTokenWorn = false;
    this.#cancelTimer = this.#clock.schedule(this.#backoff.stableMs, () => this.#backoff.reset());
    this.#moveTo({ kind: "open", runs });
  }

  #onEvents({ run, thread, events }: Extract<HubMessage, { type: "events" }>, characters: number): void {
    const fresh = this.#received.take(run, events);
    this.#counts.repeats += fresh.repeats;
    this.#counts.events += fresh.events.length;
    for (const event of fresh.events) this.#hand({ type: "event", thread, event }, characters / events.length);
    if (!fresh.gap) return;
    this.#counts.gaps += 1;
    const { expectedSeq, seq } = fresh.gap;
    this.#connection?.end({ kind: "lost", reason: `events ${expectedSeq} to ${seq - 1} of run ${run} did not come` });
  }

  #onSnapshot(snapshot: Extract<HubMessage, { type: "snapshot" }>, characters: number): void {
    if (!this.#received.takeSnapshot(snapshot)) {
      this.#counts.repeats += 1;
      return;
    }
    this.#counts.snapshots += 1;
    this.#hand(snapshot, characters);
  }

  #hand(item: StreamItem, characters: number): void {
    const { onItem } = this.#options;
    if (this.#state.kind === "closed") return;
    if (!onItem) {
      this.#queue.push(item, characters);
      return;
    }
    this.#onTaken(item);
    callListener(() => onItem(item));
  }

  readonly #onTaken = (item: StreamItem): void => {
    if (item.type === "event") this.#handedOver.set(item.event.runId, item.event.seq);
    else this.#handedOver.set(item.run, item.throughSeq);
  };

  #resumeOnceTaken(): void {
    if (this.#state.kind !== "paused") return;
    const { events, characters } = this.#bounds;
    if (this.#queue.length <= events / 2 && this.#queue.weight <= characters / 2) void this.#open();
  }

  #onEnd(end: ConnectionEnd): void {
    this.#giveUpConnection();
    if (end.kind === "refused" && !this.#mayRenewToken(end.error)) {
      this.#finish(end.error);
      return;
    }
    const { reason, code, atLeastMs } = end.kind === "lost" ? end : renewal(end.error);
    const waitMs = this.#backoff.next(atLeastMs);
    this.#cancelTimer = this.#clock.schedule(waitMs, () => void this.#open());
    const untilMs = this.#clock.now() + waitMs;
    this.#moveTo({ kind: "waiting", untilMs, reason, ...(code === undefined ? {} : { code }) });
  }

  /** A token that has run out is made anew; a new one that is refused at once will not get better. */
  #mayRenewToken({ reason }: StreamRefusedError): boolean {
    if (reason !== "unauthorized" || typeof this.#options.token !== "function" || this.#isTokenWorn) return false;
    this.#isTokenWorn = true;
    return true;
  }

  #wakeUp(): void {
    this.#connection?.checkPulse();
    if (this.#state.kind !== "waiting") return;
    this.#giveUpConnection();
    void this.#open();
  }

  #giveUpConnection(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#connection?.drop();
    this.#connection = undefined;
  }

  #moveTo(state: ClientState): void {
    this.#state = state;
    const { onState } = this.#options;
    if (onState) callListener(() => onState(state));
  }
}

function renewal({ message }: StreamRefusedError): Extract<ConnectionEnd, { kind: "lost" }> {
  return { kind: "lost", reason: message };
}

/** What a listener throws is uncaught, as everywhere, and touches nothing here. */
function callListener(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
