import { describe, expect, it } from "vitest";
import { connect } from "../../src/client/connect.ts";
import type { ClientState, ConnectOptions, StreamItem } from "../../src/client/client-options.ts";
import { ManualClock } from "../manual-clock.ts";
import { until } from "../websocket/socket-rig.ts";
import { numbered, type ScriptedSocket, scriptedSockets } from "./scripted-hub.ts";

/** Nothing is asked of the network. */
const fetch: NonNullable<ConnectOptions["fetch"]> = () => Promise.reject(new TypeError("failed to fetch"));

function start(options: Partial<ConnectOptions> = {}) {
  const { sockets, WebSocket } = scriptedSockets();
  const clock = new ManualClock();
  const states: ClientState[] = [];
  const items: StreamItem[] = [];
  const client = connect({
    url: "http://127.0.0.1:4700/",
    WebSocket,
    clock,
    fetch,
    random: () => 0.5,
    onItem: (item) => items.push(item),
    onState: (state) => states.push(state),
    ...options,
  });
  const last = (): ScriptedSocket => sockets.at(-1)!;
  const seqs = () => items.map((item) => (item.type === "event" ? item.event.seq : `to ${item.throughSeq}`));
  return { client, clock, states, items, sockets, last, seqs, kinds: () => states.map(({ kind }) => kind) };
}

/** A client that is iterated over. */
function startIterated(options: Partial<ConnectOptions> = {}) {
  const { sockets, WebSocket } = scriptedSockets();
  const clock = new ManualClock();
  const client = connect({ url: "ws://hub.test", WebSocket, clock, fetch, ...options });
  return { client, sockets, clock, last: () => sockets.at(-1)! };
}

describe("a client's first connection", () => {
  it("goes to the hub's socket for readers, with the token as a subprotocol", () => {
    const { last } = start({ url: "https://hub.test/apex/", token: "tökén?" });
    expect(last().url).toBe("wss://hub.test/apex/v1/subscribe");
    const [protocol, bearer] = last().subprotocols;
    expect(protocol).toBe("apex.v1");
    expect(Buffer.from(bearer!.slice("bearer.".length), "base64url").toString()).toBe("tökén?");
    expect(bearer).toMatch(/^bearer\.[\w-]+$/);
  });

  it("asks for what is wanted once the hub has welcomed it, after what is there already", () => {
    const { last, kinds, states, client } = start({ thread: "pr-7", run: "r1", after: { r1: 4 } });
    expect(last().sent).toEqual([]);
    last().welcome();
    expect(last().subscription).toEqual({ type: "subscribe", id: "1", thread: "pr-7", run: "r1", after: { r1: 4 } });
    last().accept([{ run: "r1", thread: "pr-7", lastSeq: 9 }]);
    expect(kinds()).toEqual(["connecting", "open"]);
    expect(states.at(-1)).toEqual({ kind: "open", runs: [{ run: "r1", thread: "pr-7", lastSeq: 9 }] });
    expect(client.state).toBe(states.at(-1));
  });

  it.each(["ftp://hub.test", "not an address"])("is refused to the address %s", (url) => {
    expect(() => start({ url })).toThrow(TypeError);
  });
});

describe("a client that has lost its connection", () => {
  it("goes on after the last event of each run, and drops what it has already", () => {
    const { last, seqs, clock, client, sockets } = start();
    last().accept();
    last().events("r1", 1, 2, 3);
    last().end(1006);
    clock.advance(125);
    expect(sockets).toHaveLength(2);
    last().accept();
    expect(last().subscription.after).toEqual({ r1: 3 });
    last().events("r1", 2, 3, 4);
    expect(seqs()).toEqual([1, 2, 3, 4]);
    expect(client.counts).toMatchObject({ connections: 2, events: 4, repeats: 2, gaps: 0 });
    expect(client.cursor).toEqual({ r1: 4 });
  });

  it("asks again for events that did not come", () => {
    const { last, seqs, clock, client, states } = start();
    last().accept();
    last().events("r1", 1, 2, 5, 6);
    expect(states.at(-1)).toMatchObject({ kind: "waiting", reason: "events 3 to 4 of run r1 did not come" });
    clock.advance(125);
    last().accept();
    expect(last().subscription.after).toEqual({ r1: 2 });
    last().events("r1", 3, 4, 5, 6);
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(client.counts.gaps).toBe(1);
  });

  it("waits twice as long each time, up to a bound, and begins anew after a connection that held", async () => {
    const { last, clock, states } = start({ backoff: { initialMs: 100, maxMs: 1_000, stableMs: 5_000 } });
    const waits: number[] = [];
    const lose = async (): Promise<void> => {
      last().end(1006);
      await until("the end is known", () => states.at(-1)?.kind === "waiting");
      const state = states.at(-1)!;
      if (state.kind !== "waiting") throw new Error(state.kind);
      waits.push(state.untilMs - clock.now());
      clock.advance(state.untilMs - clock.now());
    };
    for (let time = 0; time < 6; time += 1) await lose();
    last().accept();
    await lose();
    last().accept();
    for (let beat = 0; beat < 5; beat += 1) {
      clock.advance(1_000);
      last().say({ type: "heartbeat" });
    }
    await lose();
    expect(waits).toEqual([50, 100, 200, 400, 500, 500, 500, 50]);
  });

  it("gives a hub up that has been silent for two heartbeats, and one that never answers", () => {
    const { last, clock, states, sockets } = start({ openTimeoutMs: 3_000 });
    clock.advance(3_000);
    expect(states.at(-1)).toMatchObject({ kind: "waiting", reason: "the hub does not answer" });
    clock.advance(125);
    last().accept();
    clock.advance(2_000);
    expect(states.at(-1)!.kind).toBe("open");
    clock.advance(1_000);
    expect(states.at(-1)).toMatchObject({ kind: "waiting", reason: "the hub has fallen silent" });
    expect(sockets.every((socket) => socket.isGivenUp)).toBe(true);
    // What a socket that was given up still says is not heard.
    last().events("r1", 1);
    last().end(4401);
    expect(states.at(-1)!.kind).toBe("waiting");
  });

  it.each([
    [1000, 125],
    [1001, 125],
    [1006, 125],
    [1009, 125],
    [1012, 125],
    [1013, 125],
    [4408, 125],
    [4999, 125],
    [1011, 5_125],
    [4429, 5_125],
  ])("comes again after close %i, in %i ms", (code, waitMs) => {
    const { last, clock, states } = start();
    last().accept();
    last().end(code, "because");
    expect(states.at(-1)).toMatchObject({ kind: "waiting", code, untilMs: clock.now() + waitMs });
    clock.advance(waitMs);
    expect(states.at(-1)!.kind).toBe("connecting");
  });

  it.each([
    ["no JSON", "not JSON"],
    ['{"type":"events","run":"r1","thread":"main","events":[{"seq":-1}]}', "a broken message of type events"],
    ['{"type":"welcome"}', "a broken message of type welcome"],
    [new ArrayBuffer(4), "binary data"],
  ])("leaves a server alone for a while that sends %s", (text, problem) => {
    const { last, clock, states } = start();
    last().sayText(text);
    const reason = `what came is not of a hub: ${problem}`;
    expect(states.at(-1)).toEqual({ kind: "waiting", reason, untilMs: clock.now() + 5_125 });
  });

  it("passes over messages of newer hubs", () => {
    const { last, kinds } = start();
    last().accept();
    last().sayText('{"type":"weather","is":"fine"}');
    expect(kinds()).toEqual(["connecting", "open"]);
  });
});

describe("a client that is refused", () => {
  it.each([
    [4401, "unauthorized"],
    [4403, "forbidden"],
    [4400, "bad-message"],
  ] as const)("does not come again after close %i, and says why", async (code, reason) => {
    const { client, last, clock, sockets } = startIterated();
    last().accept();
    last().events("r1", 1);
    last().end(code, "no");
    const iterator = client[Symbol.asyncIterator]();
    // What has come is still there.
    await expect(iterator.next()).resolves.toMatchObject({ done: false });
    await expect(iterator.next()).rejects.toMatchObject({ code: "APEX_STREAM_REFUSED", reason });
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
    expect(client.state).toMatchObject({ kind: "closed", error: { reason } });
    expect(clock.pending).toBe(0);
    expect(sockets).toHaveLength(1);
  });

  it.each([
    ["unauthorized", "closed"],
    ["forbidden", "closed"],
    ["bad_message", "closed"],
    ["limit", "waiting"],
    ["internal", "waiting"],
  ] as const)("takes the error %s in place of a subscription for: %s", (code, kind) => {
    const { last, client } = start();
    last().welcome();
    last().say({ type: "error", code, message: "no", about: "1" });
    expect(client.state.kind).toBe(kind);
  });

  it("does not speak with a hub of another version", () => {
    const { last, client } = start();
    last().say({ type: "welcome", protocol: 2, heartbeatMs: 1_000 });
    expect(client.state).toMatchObject({ kind: "closed", error: { reason: "protocol" } });
  });

  it("makes a new token where it can, once", async () => {
    let made = 0;
    const { last, clock, client, sockets } = startIterated({
      token: async () => `token ${(made += 1)}`,
      random: () => 0,
    });
    await Promise.resolve();
    last().accept();
    last().end(4401, "it has run out");
    expect(client.state.kind).toBe("waiting");
    clock.advance(0);
    await Promise.resolve();
    expect(made).toBe(2);
    expect(sockets).toHaveLength(2);
    last().end(4401, "nor this one");
    expect(client.state).toMatchObject({ kind: "closed", error: { reason: "unauthorized" } });
  });
});

describe("a snapshot", () => {
  it("is told as such, once, and events go on after it", () => {
    const { last, seqs, client } = start();
    const snapshot = {
      type: "snapshot",
      run: "r1",
      thread: "main",
      throughSeq: 40,
      events: [numbered("r1", 1)],
    } as const;
    last().accept();
    last().say(snapshot);
    last().say(snapshot);
    last().events("r1", 41);
    expect(seqs()).toEqual(["to 40", 41]);
    expect(client.cursor).toEqual({ r1: 41 });
    expect(client.counts).toMatchObject({ snapshots: 1, repeats: 1, gaps: 0 });
  });
});

describe("a slow consumer", () => {
  it("has the socket given up over the bound, and taken up from there once half is taken", async () => {
    const { client, last, sockets } = startIterated({ buffer: { events: 4 } });
    last().accept();
    last().events("r1", 1, 2, 3, 4, 5, 6);
    expect(client.state.kind).toBe("paused");
    expect(sockets[0]!.isGivenUp).toBe(true);
    expect(client.cursor).toEqual({});
    const iterator = client[Symbol.asyncIterator]();
    const take = async (): Promise<unknown> => {
      const { value } = await iterator.next();
      return value?.type === "event" ? value.event.seq : value;
    };
    expect([await take(), await take(), await take()]).toEqual([1, 2, 3]);
    expect(sockets).toHaveLength(1);
    expect(await take()).toBe(4);
    expect(client.cursor).toEqual({ r1: 4 });
    expect(sockets).toHaveLength(2);
    last().accept();
    expect(last().subscription.after).toEqual({ r1: 6 });
    last().events("r1", 7);
    expect([await take(), await take(), await take()]).toEqual([5, 6, 7]);
    await iterator.return?.();
    expect(client.counts.pauses).toBe(1);
    expect(client.state).toEqual({ kind: "closed" });
  });

  it("is bounded in characters, too", () => {
    const { client, last } = startIterated({ buffer: { characters: 100 } });
    last().accept();
    last().events("r1", 1);
    expect(client.state.kind).toBe("paused");
  });
});

describe("closing a client", () => {
  it("ends what waits, leaves no timer and no socket, also by its signal", async () => {
    const abort = new AbortController();
    const { client, last, clock } = startIterated({ signal: abort.signal });
    last().accept();
    const next = client[Symbol.asyncIterator]().next();
    abort.abort();
    await expect(next).resolves.toEqual({ done: true, value: undefined });
    expect(client.state).toEqual({ kind: "closed" });
    expect(clock.pending).toBe(0);
    expect(last().isGivenUp).toBe(true);
  });

  it("opens nothing where the signal was aborted before", () => {
    const { sockets, client } = start({ signal: AbortSignal.abort() });
    expect(sockets).toHaveLength(0);
    expect(client.state).toEqual({ kind: "closed" });
  });

  it("is possible in the middle of a message", () => {
    const seqs: number[] = [];
    const { client, last } = start({
      onItem: (item) => {
        if (item.type === "event") seqs.push(item.event.seq);
        if (seqs.length === 2) client.close();
      },
    });
    last().accept();
    last().events("r1", 1, 2, 3, 4);
    expect(seqs).toEqual([1, 2]);
    expect(client.cursor).toEqual({ r1: 2 });
  });
});
