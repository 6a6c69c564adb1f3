import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../../src/client/connect.ts";
import type { ConnectOptions, StreamItem } from "../../src/client/client-options.ts";
import type { ListeningHub, ListenWebSocketHubOptions } from "../../src/websocket/index.ts";
import { countUp, makeEvent, startHub, testToken, until } from "../websocket/socket-rig.ts";

const endings: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(options: Partial<ListenWebSocketHubOptions> = {}) {
  const listening: ListeningHub = await startHub(options);
  endings.push(() => listening.close());
  const reporter = listening.hub.createReporter({ threadId: "main" });
  const publish = (from: number, to: number): void => {
    for (const seq of countUp(to, from)) reporter.onEvent(makeEvent("r1", seq));
  };
  return { ...listening, publish };
}

function follow(url: string, options: Partial<ConnectOptions> = {}) {
  const items: StreamItem[] = [];
  const client = connect({ url, token: testToken, thread: "main", onItem: (item) => items.push(item), ...options });
  endings.push(() => client.close());
  const seqs = (): (number | string)[] =>
    items.map((item) => (item.type === "event" ? item.event.seq : `to ${item.throughSeq}`));
  const reached = (seq: number): Promise<void> => until(`event ${seq}`, () => client.cursor["r1"] === seq);
  return { client, items, seqs, reached };
}

describe("a client of a real hub", () => {
  it.each([
    ["Node's own", {}],
    ["that of ws", { WebSocket }],
  ])("that joins late has all from the beginning, then what happens, with %s WebSocket", async (_, options) => {
    const { url, publish } = await start();
    publish(1, 500);
    const { client, seqs, reached } = follow(url, options);
    await reached(500);
    expect(client.state).toEqual({ kind: "open", runs: [{ run: "r1", thread: "main", lastSeq: 500 }] });
    publish(501, 510);
    await reached(510);
    expect(seqs()).toEqual(countUp(510));
  });

  it("has a snapshot of what is kept no more, then what happens", async () => {
    const { url, publish } = await start({ limits: { retainedRunBytes: 10_000 } });
    publish(1, 500);
    const { seqs, items, reached, client } = follow(url);
    await reached(500);
    publish(501, 520);
    await reached(520);
    expect(seqs()).toEqual(["to 500", ...countUp(520, 501)]);
    expect(items[0]).toMatchObject({ type: "snapshot", thread: "main", run: "r1" });
    expect(client.counts).toMatchObject({ gaps: 0, repeats: 0, snapshots: 1 });
  });

  it("goes on from a cursor that was kept", async () => {
    const { url, publish } = await start();
    publish(1, 100);
    const first = follow(url);
    await first.reached(100);
    first.client.close();
    publish(101, 120);
    const second = follow(url, { after: first.client.cursor });
    await second.reached(120);
    expect(second.seqs()).toEqual(countUp(120, 101));
  });

  it("whose consumer is slow has everything all the same, and holds no more than it may", async () => {
    const { url, publish } = await start();
    const client = connect({
      url,
      token: testToken,
      buffer: { events: 100 },
      backoff: { initialMs: 1, maxMs: 5 },
    });
    endings.push(() => client.close());
    publish(1, 5_000);
    const seqs: number[] = [];
    for await (const item of client) {
      if (item.type === "event") seqs.push(item.event.seq);
      if (seqs.length % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      if (seqs.length === 5_000) break;
    }
    expect(seqs).toEqual(countUp(5_000));
    expect(client.counts.pauses).toBeGreaterThan(0);
    expect(client.state).toEqual({ kind: "closed" });
  });

  it.each([
    ["a wrong token", { token: `${testToken}x` }, "unauthorized", "a token is needed"],
    ["no token", { token: "" }, "unauthorized", "a token is needed"],
    [
      "a token that may not read",
      { token: "a-token-of-one-who-only-writes" },
      "forbidden",
      "you may not subscribe here",
    ],
  ])("is refused for good at once with %s, with any WebSocket", async (_, options, reason, words) => {
    const { url } = await start({
      authenticate: ({ token }) =>
        token === "a-token-of-one-who-only-writes" ? { userId: "w", threads: "all", may: ["publish"] } : undefined,
    });
    for (const more of [{}, { WebSocket }]) {
      const { client } = follow(url, { ...options, ...more });
      await until("a refusal", () => client.state.kind === "closed");
      expect(client.state).toMatchObject({ error: { reason, message: expect.stringContaining(words) as unknown } });
    }
  });

  it("comes again to a hub that is full, and to one that is gone", async () => {
    const hub = await start({ limits: { clients: 0 } });
    const states: string[] = [];
    const { client } = follow(hub.url, {
      backoff: { initialMs: 1, maxMs: 5 },
      onState: ({ kind }) => states.push(kind),
    });
    const tries = (): number => states.filter((kind) => kind === "waiting").length;
    await until("three tries", () => tries() >= 3);
    await hub.close();
    const before = tries();
    await until("three more", () => tries() >= before + 3);
    expect(client.state.kind).not.toBe("closed");
  });

  it("is told for good that a thread is not its own", async () => {
    const token = "another-token-that-is-long-enough";
    const { url } = await start({
      authenticate: (request) =>
        request.token === token ? { userId: "guest", threads: ["theirs"], may: ["subscribe"] } : undefined,
    });
    const { client } = follow(url, { token });
    await until("a refusal", () => client.state.kind === "closed");
    expect(client.state).toMatchObject({ error: { code: "APEX_STREAM_REFUSED", reason: "forbidden" } });
  });
});
