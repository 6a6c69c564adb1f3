import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, delay, type Reporter } from "@netra-apex/core";
import { WebSocketServer } from "ws";
import { backgroundClock } from "../background-clock.ts";
import type { Connection } from "./connection.ts";
import { type Cors, createCors } from "./cors.ts";
import {
  answerPlainRequest,
  answerRefusal,
  judgeHandshake,
  judgePlainRequest,
  purposeOf,
  type SocketPurpose,
} from "./handshake.ts";
import { defaultHubLimits, type HubLimits } from "./hub-limits.ts";
import type { LiveRun, RunAddress } from "./live-run.ts";
import { type Authenticate, localUserId, type Principal } from "./principal.ts";
import { closeCodes, subprotocol } from "./protocol.ts";
import { PublisherConnection } from "./publisher-connection.ts";
import { ReaderConnection } from "./reader-connection.ts";
import { createRequestPolicy, type RequestPolicy, type RequestPolicyOptions } from "./request-policy.ts";
import { RunRegistry } from "./run-registry.ts";

/** What a hub is made with. */
export interface WebSocketHubOptions extends RequestPolicyOptions {
  readonly authenticate: Authenticate;
  /** Those that are named; the others are the default. */
  readonly limits?: Partial<HubLimits>;
  /** Default: the machine's clock, with timers that do not keep the process alive. */
  readonly clock?: Clock;
  /** Told what went wrong inside; clients hear of it only as `internal`. Default: nobody. */
  readonly onFault?: (error: unknown) => void;
}

/** Figures of a hub. */
export interface HubStats {
  readonly readers: number;
  readonly publishers: number;
  readonly runs: number;
  /** Of events that are kept for readers that come later or are behind. */
  readonly retainedBytes: number;
}

/** Runs on one side, those who watch them on the other: see {@link createWebSocketHub}. */
export interface WebSocketHub {
  /** Answers upgrades of its two paths at a server, and refuses others where nobody else listens for them. Returns what undoes it. */
  attach(server: Server): () => void;
  /** The same for one upgrade; false: its path is not the hub's, and nothing was done. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /**
   * Answers a request at one of its two paths that is no upgrade, under the rules of an upgrade: 401 or 403 to whom it would refuse,
   * 426 to others; a page cannot learn that from its WebSocket. One of an allowed origin may read the answer, and no other. False: its path
   * is not the hub's, and nothing was done.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** The hub's rules for Host and Origin, for every other request of the server that it is attached to. */
  readonly guard: RequestPolicy;
  /**
   * A publisher in this process. Events are taken as they come and cost no more than their encoding; whoever is slow is
   * behind by himself. Default user: {@link localUserId}. Events that name another user or thread make it throw.
   */
  createReporter(options: { readonly userId?: string; readonly threadId: string }): Reporter;
  /** Sockets at this time. */
  readonly clients: number;
  stats(): HubStats;
  /** Gives everybody what is due, as far as it is taken soon, and closes all with 1001. Resolves when no socket is left, within a bound. */
  close(): Promise<void>;
}

/** Makes a hub, to be embedded in a `node:http` server; see `listenWebSocketHub` for one with a server of its own. */
export function createWebSocketHub(options: WebSocketHubOptions): WebSocketHub {
  return new Hub(options);
}

const watchMs = 1_000;
const notFound = { status: 404, message: "nothing is upgraded here" } as const;
const full = { status: 503, message: "too many clients" } as const;

class Hub implements WebSocketHub {
  readonly guard: RequestPolicy;
  readonly #authenticate: Authenticate;
  readonly #limits: HubLimits;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  readonly #cors: Cors;
  readonly #servers: Readonly<Record<SocketPurpose, WebSocketServer>>;
  readonly #registry: RunRegistry;
  readonly #readers = new Set<ReaderConnection>();
  readonly #publishers = new Set<PublisherConnection>();
  readonly #changed = new Set<LiveRun>();
  #pendingHandshakes = 0;
  #isTelling = false;
  #isClosed = false;
  #cancelWatch: (() => void) | undefined;
  #beatAtMs = 0;

  constructor({
    authenticate,
    limits = {},
    clock = backgroundClock,
    onFault = () => {},
    ...policy
  }: WebSocketHubOptions) {
    this.#authenticate = authenticate;
    this.#limits = { ...defaultHubLimits, ...limits };
    this.#clock = clock;
    this.#onFault = onFault;
    this.guard = createRequestPolicy(policy);
    this.#cors = createCors(policy);
    this.#registry = new RunRegistry(this.#limits);
    // Not in the types of ws yet.
    const closing: object = { closeTimeout: this.#limits.closeHandshakeMs };
    const server = (maxPayload: number): WebSocketServer =>
      new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload,
        // As many pieces as one message may have, for each costs far more than its bytes.
        maxFragments: 1_024,
        maxBufferedChunks: 16 * 1024,
        ...closing,
        handleProtocols: () => subprotocol,
      });
    this.#servers = {
      subscribe: server(this.#limits.readerMessageBytes),
      publish: server(this.#limits.publisherMessageBytes),
    };
  }

  get clients(): number {
    return this.#readers.size + this.#publishers.size;
  }

  stats(): HubStats {
    return {
      readers: this.#readers.size,
      publishers: this.#publishers.size,
      runs: this.#registry.size,
      retainedBytes: this.#registry.bytes,
    };
  }

  attach(server: Server): () => void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.handleUpgrade(request, socket, head) || server.listenerCount("upgrade") > 1) return;
      socket.on("error", () => {});
      answerRefusal(socket, this.guard(request) ?? notFound);
    };
    server.on("upgrade", onUpgrade);
    return () => server.off("upgrade", onUpgrade);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const purpose = purposeOf(request);
    if (!purpose) return false;
    socket.on("error", () => {});
    if (this.#isBusy) answerRefusal(socket, this.guard(request) ?? full);
    else this.#judge(this.#upgrade(purpose, request, socket, head), socket);
    return true;
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const purpose = purposeOf(request);
    if (!purpose) return false;
    const preflight = this.#cors.preflightHeadersFor(request);
    if (preflight && !this.guard(request)) response.writeHead(204, preflight).end();
    else if (this.#isBusy) answerPlainRequest(response, this.guard(request) ?? full, this.#cors.headersFor(request));
    else this.#judge(this.#answer(purpose, request, response), request.socket);
    return true;
  }

  #judge(judged: Promise<void>, socket: Duplex): void {
    this.#pendingHandshakes += 1;
    judged
      .catch((error: unknown) => {
        this.#onFault(error);
        socket.destroy();
      })
      .finally(() => {
        this.#pendingHandshakes -= 1;
      });
  }

  createReporter({
    userId = localUserId,
    threadId,
  }: {
    readonly userId?: string;
    readonly threadId: string;
  }): Reporter {
    let run: LiveRun | undefined;
    return {
      name: "websocket",
      onEvent: (event) => {
        if (this.#isClosed) return;
        // It may join a run on its way: what was before it is not known here.
        run ??= this.#open({ userId, threadId, runId: event.runId }, event.seq - 1);
        this.#change(run, (target) => target.append(event));
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tell();
    const deadlineMs = this.#clock.monotonicMs() + this.#limits.shutdownMs;
    await this.#whileMoving(() => [...this.#readers].some((reader) => !reader.isUpToDate), deadlineMs);
    for (const connection of this.#connections()) connection.close(closeCodes.goingAway, "the hub goes down");
    await this.#whileMoving(() => this.clients > 0, deadlineMs);
    for (const connection of this.#connections()) connection.terminate();
    await this.#whileMoving(() => this.clients > 0, deadlineMs);
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  /** Waits as long as something is open and anybody still takes something: those who take nothing keep nobody waiting. */
  async #whileMoving(isOpen: () => boolean, deadlineMs: number): Promise<void> {
    let before = "";
    let movedAtMs = this.#clock.monotonicMs();
    while (isOpen()) {
      const nowMs = this.#clock.monotonicMs();
      const now = this.#connections()
        .map(({ taken }) => taken)
        .join();
      if (now !== before) movedAtMs = nowMs;
      before = now;
      if (nowMs >= deadlineMs || nowMs - movedAtMs >= this.#limits.shutdownStallMs) return;
      await delay(this.#clock, 10);
    }
  }

  get #isFull(): boolean {
    return this.#isClosed || this.clients >= this.#limits.clients;
  }

  get #isBusy(): boolean {
    return this.#isFull || this.#pendingHandshakes >= this.#limits.pendingHandshakes;
  }

  /** What whoever comes is judged by. */
  get #court(): Parameters<typeof judgeHandshake>[2] {
    return { policy: this.guard, authenticate: this.#authenticate, limits: this.#limits, clock: this.#clock };
  }

  #connections(): readonly Connection[] {
    return [...this.#readers, ...this.#publishers];
  }

  async #upgrade(purpose: SocketPurpose, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const verdict = await judgeHandshake(request, purpose, this.#court);
    if ("status" in verdict) answerRefusal(socket, verdict);
    else if (this.#isFull) answerRefusal(socket, full);
    else this.#accept(purpose, verdict, { request, socket, head });
  }

  async #answer(purpose: SocketPurpose, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = await judgePlainRequest(request, purpose, this.#court);
    answerPlainRequest(response, verdict, this.#cors.headersFor(request));
  }

  #accept(
    purpose: SocketPurpose,
    principal: Principal,
    { request, socket, head }: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  ): void {
    this.#servers[purpose].handleUpgrade(request, socket, head, (webSocket) => {
      const setting = {
        webSocket,
        socket,
        principal,
        limits: this.#limits,
        clock: this.#clock,
        onFault: this.#onFault,
      };
      if (purpose === "subscribe") {
        const reader = new ReaderConnection(setting, this.#registry.ofUser(principal.userId));
        this.#join(this.#readers, reader, webSocket);
      } else {
        const target = {
          open: (address: RunAddress) => this.#open(address, 0),
          change: (run: LiveRun, change: (run: LiveRun) => void) => this.#change(run, change),
        };
        this.#join(this.#publishers, new PublisherConnection(setting, target), webSocket);
      }
    });
  }

  #join<Kind extends Connection>(
    all: Set<Kind>,
    connection: Kind,
    webSocket: { once(event: "close", listener: () => void): void },
  ): void {
    all.add(connection);
    webSocket.once("close", () => all.delete(connection));
    connection.open();
    this.#cancelWatch ??= this.#watch();
  }

  #open(address: RunAddress, lastSeq: number): LiveRun {
    return this.#registry.open(address, { nowMs: this.#clock.monotonicMs(), lastSeq });
  }

  #change(run: LiveRun, change: (run: LiveRun) => void): void {
    this.#registry.change(run, change);
    this.#changed.add(run);
    if (this.#isTelling) return;
    this.#isTelling = true;
    // What happens in one turn is told in one message.
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#isTelling = false;
    const changed = [...this.#changed];
    this.#changed.clear();
    const nowMs = this.#clock.monotonicMs();
    for (const run of changed) {
      run.changedAtMs = nowMs;
      for (const place of run.followers) place.reader.wake(place);
    }
  }

  /** Once a second, or as often as a heartbeat, while there is anybody: who takes nothing, who is gone, and what can be forgotten. */
  #watch(): () => void {
    return this.#clock.schedule(Math.min(watchMs, this.#limits.heartbeatMs), () => {
      const nowMs = this.#clock.monotonicMs();
      const isBeat = nowMs - this.#beatAtMs >= this.#limits.heartbeatMs;
      if (isBeat) {
        this.#beatAtMs = nowMs;
        this.#registry.sweep(nowMs);
      }
      for (const connection of this.#connections()) {
        connection.watch(nowMs);
        if (isBeat) connection.beat();
      }
      this.#cancelWatch = this.#isClosed || this.clients === 0 ? undefined : this.#watch();
    });
  }
}
