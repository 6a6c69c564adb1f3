import { type RunEvent, eventVersion, type RunEventBody } from "@netra-apex/core";
import { WebSocket } from "ws";
import {
  type HubMessage,
  type ListeningHub,
  type ListenWebSocketHubOptions,
  listenWebSocketHub,
  type PublisherHubMessage,
  type PublisherMessage,
  type SubscriberMessage,
  socketPaths,
  subprotocol,
} from "../../src/websocket/index.ts";

/** The token of the hubs that tests start. */
export const testToken = "a-token-that-is-long-enough-for-a-test";

type EventsMessage = Extract<HubMessage, { type: "events" }>;

/** Starts a hub with a server at a free port. */
export function startHub(options: Partial<ListenWebSocketHubOptions> = {}): Promise<ListeningHub> {
  return listenWebSocketHub({ port: 0, token: testToken, allowPublish: true, ...options });
}

/** An event of a run, as the engine numbers them. */
export function makeEvent(
  runId: string,
  seq: number,
  body: RunEventBody = { type: "agent_thinking", nodeId: "unit", attempt: 1, agent: "a", note: `note ${seq}` },
): RunEvent {
  return { version: eventVersion, seq, at: new Date(1_769_869_500_000 + seq).toISOString(), runId, ...body };
}

/** Events `from` … `to` of a run. */
export function makeEvents(runId: string, from: number, to: number): RunEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => makeEvent(runId, from + index));
}

/** Resolves once `isMet`; rejects with what was waited for when that takes too long. */
export async function until(what: string, isMet: () => boolean, limitMs = 15_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!isMet()) {
    if (Date.now() > deadlineMs) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A socket of a test, with all that came over it. */
class TestSocket<Sent extends object, Received extends { readonly type: string }> {
  readonly webSocket: WebSocket;
  readonly messages: Received[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, path: string, { token = testToken, headers = {} }: ConnectOptions = {}) {
    this.webSocket = new WebSocket(`${url.replace("http", "ws")}${path}`, subprotocol, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      perMessageDeflate: false,
    });
    this.webSocket.on("message", (data: Buffer) => this.messages.push(JSON.parse(data.toString()) as Received));
    this.webSocket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.webSocket.on("error", () => {});
  }

  send(message: Sent): void {
    this.webSocket.send(JSON.stringify(message));
  }

  all<Type extends Received["type"]>(type: Type): Extract<Received, { readonly type: Type }>[] {
    return this.messages.filter((message) => message.type === type) as Extract<Received, { readonly type: Type }>[];
  }

  async first<Type extends Received["type"]>(type: Type): Promise<Extract<Received, { readonly type: Type }>> {
    await until(`a message ${type}`, () => this.all(type).length > 0 || this.closed !== undefined);
    const [message] = this.all(type);
    if (!message) throw new Error(`closed with ${JSON.stringify(this.closed)} before ${type}`);
    return message;
  }

  async end(): Promise<void> {
    this.webSocket.terminate();
    await until("a socket that is closed", () => this.webSocket.readyState === WebSocket.CLOSED);
  }
}

interface ConnectOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reader of a test. */
export class TestReader extends TestSocket<SubscriberMessage, HubMessage> {
  static async connect(url: string, options?: ConnectOptions): Promise<TestReader> {
    const reader = new TestReader(url, socketPaths.subscribe, options);
    await reader.first("welcome");
    return reader;
  }

  /** All events that came, in the order in which they came, of one run or of all. */
  events(run?: string): RunEvent[] {
    return (this.messages.filter(({ type }) => type === "events") as EventsMessage[])
      .filter((message) => run === undefined || message.run === run)
      .flatMap(({ events }) => events);
  }

  seqs(run?: string): number[] {
    return this.events(run).map(({ seq }) => seq);
  }
}

/** A publisher of a test. */
export class TestPublisher extends TestSocket<PublisherMessage, PublisherHubMessage> {
  static async connect(url: string, options?: ConnectOptions): Promise<TestPublisher> {
    const publisher = new TestPublisher(url, socketPaths.publish, options);
    await publisher.first("welcome");
    return publisher;
  }
}

/** 1 … `to`. */
export function countUp(to: number, from = 1): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
