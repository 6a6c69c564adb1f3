import { afterEach, describe, expect, test } from "vitest";
import { applyEvent } from "../../src/index.ts";
import {
  type ListeningHub,
  type ListenWebSocketHubOptions,
  listenWebSocketHub,
  type Principal,
  socketPaths,
  viewOfSnapshot,
} from "../../src/websocket/index.ts";
import { failingRun } from "../runs.ts";
import { handshakeLines, sendRaw } from "./raw-request.ts";
import { countUp, makeEvents, startHub, TestPublisher, TestReader, testToken, until } from "./socket-rig.ts";

let server: ListeningHub | undefined;
async function start(options: Partial<ListenWebSocketHubOptions> = {}): Promise<ListeningHub> {
  server = await startHub(options);
  return server;
}
afterEach(() => server?.close());

const principal: Principal = { userId: "local", threads: "all", may: ["subscribe", "publish"] };

describe("a reader", () => {
  test("that comes too late for the events gets what they amount to, and then what happens", async () => {
    const { hub, url } = await start({ limits: { retainedRunBytes: 2_000 } });
    const reporter = hub.createReporter({ threadId: "main" });
    const { events } = failingRun();
    const runId = events[0]?.runId ?? "";
    for (const event of events.slice(0, -5)) reporter.onEvent(event);
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "s" });
    const snapshot = await reader.first("snapshot");
    expect(snapshot).toMatchObject({ run: runId, thread: "main", throughSeq: events.length - 5 });
    for (const event of events.slice(-5)) reporter.onEvent(event);
    await until("the end", () => reader.seqs().at(-1) === events.length);
    expect(reader.seqs()).toEqual(countUp(events.length, events.length - 4));
    const view = reader.events().reduce(applyEvent, viewOfSnapshot(snapshot));
    expect(view.summary?.exitCode).toBe(1);
    expect(view.layers.get("fast")?.finished.map(({ id, failedTests }) => [id, failedTests.length])).toEqual([
      ["smoke", 0],
      ["unit", 2],
    ]);
  });

  test("that reads slowly, but steadily, is not closed, and gets everything", async () => {
    const { hub, url } = await start({ limits: { stallMs: 2_000, retainedRunBytes: 64 * 1024 * 1024 } });
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "s" });
    await reader.first("subscribed");
    const reporter = hub.createReporter({ threadId: "main" });
    const total = 60_000;
    for (const event of makeEvents("r1", 1, total))
      reporter.onEvent({ ...event, note: "x".repeat(300) } as typeof event);
    const beganAt = Date.now();
    while (reader.seqs().at(-1) !== total) {
      if (Date.now() - beganAt > 60_000) throw new Error("still not all events");
      expect(reader.closed).toBeUndefined();
      reader.webSocket.pause();
      await new Promise((resolve) => setTimeout(resolve, 250));
      reader.webSocket.resume();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(reader.seqs()).toEqual(countUp(total));
  }, 90_000);

  test("is closed with 4401 when what let it in is over", async () => {
    const { hub, url } = await start({
      authenticate: ({ token }) => (token === "short" ? { ...principal, expiresAtMs: Date.now() + 1_500 } : undefined),
    });
    const reader = await TestReader.connect(url, { token: "short" });
    reader.send({ type: "subscribe", id: "s" });
    await reader.first("subscribed");
    const reporter = hub.createReporter({ threadId: "main" });
    for (const event of makeEvents("r1", 1, 5)) reporter.onEvent(event);
    await until("events", () => reader.seqs().length === 5);
    await until("an end", () => reader.closed !== undefined);
    expect(reader.closed?.code).toBe(4401);
    for (const event of makeEvents("r1", 6, 10)) reporter.onEvent(event);
    expect(reader.seqs()).toEqual(countUp(5));
  });

  test("is closed with 4429 for more than twenty commands a second, whatever they are", async () => {
    const { url } = await start();
    const [commands, pings] = [await TestReader.connect(url), await TestReader.connect(url)];
    for (const index of countUp(40)) {
      commands.send({ type: "unsubscribe", id: `${index}` });
      pings.webSocket.ping();
    }
    await until("both ends", () => commands.closed !== undefined && pings.closed !== undefined);
    expect([commands.closed?.code, pings.closed?.code]).toEqual([4429, 4429]);
  });

  test("is refused threads that it was not given, and subscriptions beyond its bound", async () => {
    const { url } = await start({
      authenticate: ({ token }) => (token === "one" ? { ...principal, threads: ["main"] } : undefined),
      limits: { subscriptionsPerClient: 2 },
    });
    const reader = await TestReader.connect(url, { token: "one" });
    reader.send({ type: "subscribe", id: "other", thread: "other" });
    for (const id of ["a", "b", "c"]) reader.send({ type: "subscribe", id, thread: "main" });
    await until("both refusals", () => reader.all("error").length === 2);
    expect(reader.all("error").map(({ code, about }) => [code, about])).toEqual([
      ["forbidden", "other"],
      ["limit", "c"],
    ]);
    expect(reader.closed).toBeUndefined();
  });

  test("gets no more of what it unsubscribed from, and each event once when it asked twice", async () => {
    const { hub, url } = await start();
    const [main, side] = ["main", "side"].map((threadId) => hub.createReporter({ threadId }));
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "all" });
    reader.send({ type: "subscribe", id: "main", thread: "main" });
    await until("two answers", () => reader.all("subscribed").length === 2);
    for (const event of makeEvents("of-main", 1, 3)) main?.onEvent(event);
    for (const event of makeEvents("of-side", 1, 3)) side?.onEvent(event);
    await until("both runs", () => reader.seqs().length === 6);
    reader.send({ type: "unsubscribe", id: "all" });
    reader.send({ type: "subscribe", id: "again", thread: "main" });
    await until("a third answer", () => reader.all("subscribed").length === 3);
    for (const event of makeEvents("of-side", 4, 6)) side?.onEvent(event);
    for (const event of makeEvents("of-main", 4, 6)) main?.onEvent(event);
    await until("the rest", () => reader.seqs("of-main").length === 6);
    expect([reader.seqs("of-main"), reader.seqs("of-side")]).toEqual([countUp(6), countUp(3)]);
  });

  test("that is gone without a word is dropped after two pings, and one that answers is not", async () => {
    const { hub, url } = await start({ limits: { heartbeatMs: 1_000 } });
    const living = await TestReader.connect(url);
    const silent = await TestReader.connect(url);
    silent.webSocket.pause();
    await until("one of two", () => hub.clients === 1);
    expect(living.closed).toBeUndefined();
    expect(living.all("heartbeat").length).toBeGreaterThan(0);
    silent.webSocket.resume();
    await until("an end", () => silent.closed !== undefined);
  });
});

describe("a publisher", () => {
  test("goes on where the hub says, also with what it sends twice, and is told of a gap", async () => {
    const { url } = await start();
    const first = await TestPublisher.connect(url);
    first.send({ type: "open_run", run: "r1", thread: "main" });
    first.send({ type: "publish", run: "r1", events: makeEvents("r1", 1, 10) });
    expect((await first.first("published")).lastSeq).toBe(10);
    await first.end();
    const second = await TestPublisher.connect(url);
    second.send({ type: "open_run", run: "r1", thread: "main" });
    expect((await second.first("run_opened")).lastSeq).toBe(10);
    second.send({ type: "publish", run: "r1", events: makeEvents("r1", 15, 16) });
    second.send({ type: "publish", run: "r1", events: makeEvents("r1", 8, 12) });
    expect((await second.first("error")).code).toBe("gap");
    expect((await second.first("published")).lastSeq).toBe(12);
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "s" });
    await until("all", () => reader.seqs().length === 12);
    expect(reader.seqs()).toEqual(countUp(12));
  });

  test("can put a snapshot in place of what it has no more, and readers go on after it", async () => {
    const { url } = await start();
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "s" });
    const publisher = await TestPublisher.connect(url);
    publisher.send({ type: "open_run", run: "r1", thread: "main" });
    const [plan] = failingRun().events;
    if (!plan) throw new Error("a run begins with its plan");
    publisher.send({ type: "publish_snapshot", run: "r1", throughSeq: 500, events: [{ ...plan, runId: "r1" }] });
    // Together, the one would come with the other.
    await reader.first("snapshot");
    publisher.send({ type: "publish", run: "r1", events: makeEvents("r1", 501, 503) });
    await until("what follows", () => reader.seqs().at(-1) === 503);
    const snapshot = await reader.first("snapshot");
    expect([snapshot.throughSeq, snapshot.events.map(({ type }) => type)]).toEqual([500, ["run_started"]]);
    expect(reader.seqs()).toEqual([501, 502, 503]);
  });

  test("of an event that this version does not know has it passed on as it is", async () => {
    const { url } = await start();
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "s" });
    const publisher = await TestPublisher.connect(url);
    publisher.send({ type: "open_run", run: "r1", thread: "main" });
    const [known] = makeEvents("r1", 1, 1);
    const unknown = { ...known, version: 9, type: "moon_landed", crater: { depth: 3 } } as unknown as NonNullable<
      typeof known
    >;
    publisher.send({ type: "publish", run: "r1", events: [unknown] });
    await until("the event", () => reader.events().length === 1);
    expect(reader.events()).toEqual([unknown]);
  });
});

describe("a hub", () => {
  test("keeps events of all runs within its bound, and drops those of runs that ended first", async () => {
    const limits = { retainedBytes: 300_000, retainedRunBytes: 200_000, runsPerUser: 5 };
    const { hub, url } = await start({ limits });
    const { events } = failingRun();
    const ended = hub.createReporter({ threadId: "ended" });
    for (const event of events) ended.onEvent(event);
    for (const name of ["a", "b", "c"]) {
      const reporter = hub.createReporter({ threadId: name });
      for (const event of makeEvents(`run-${name}`, 1, 1_500)) reporter.onEvent(event);
      expect(hub.stats().retainedBytes).toBeLessThanOrEqual(limits.retainedBytes);
    }
    const reader = await TestReader.connect(url);
    reader.send({ type: "subscribe", id: "s", thread: "ended" });
    expect(viewOfSnapshot(await reader.first("snapshot")).summary?.exitCode).toBe(1);
    for (const name of ["d", "e", "f"]) {
      const [event] = makeEvents(`run-${name}`, 1, 1);
      if (event) hub.createReporter({ threadId: name }).onEvent(event);
    }
    expect(hub.stats().runs).toBe(5);
  });

  test("refuses one client too many with 503, and takes another when one has gone", async () => {
    const { url, port, hub } = await start({ limits: { clients: 2 } });
    const [first] = [await TestReader.connect(url), await TestReader.connect(url)];
    const lines = handshakeLines(socketPaths.subscribe, {
      Host: `127.0.0.1:${port}`,
      Authorization: `Bearer ${testToken}`,
    });
    expect((await sendRaw(port, lines)).status).toBe(503);
    await first?.end();
    await until("room", () => hub.clients === 1);
    expect((await sendRaw(port, lines)).status).toBe(101);
  });

  test("lets nobody in where asking who it is fails, or takes forever", async () => {
    const { port } = await start({
      limits: { handshakeMs: 300 },
      authenticate: ({ token }) => {
        if (token === "throws") throw new Error("the directory is down");
        return new Promise(() => {});
      },
    });
    for (const token of ["throws", "forever"]) {
      const headers = { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${token}` };
      expect((await sendRaw(port, handshakeLines(socketPaths.subscribe, headers))).status).toBe(401);
    }
  });

  test("gives everybody what is due before it closes with 1001, and does not wait for those who take nothing", async () => {
    const started = await start({ limits: { shutdownMs: 1_500 } });
    const { hub, url } = started;
    const [reader, paused, publisher] = [
      await TestReader.connect(url),
      await TestReader.connect(url),
      await TestPublisher.connect(url),
    ];
    for (const each of [reader, paused]) each.send({ type: "subscribe", id: "s" });
    await until("both answers", () => [reader, paused].every((each) => each.all("subscribed").length === 1));
    paused.webSocket.pause();
    const reporter = hub.createReporter({ threadId: "main" });
    for (const event of makeEvents("r1", 1, 30_000)) reporter.onEvent(event);
    await started.close();
    await until("both ends", () => reader.closed !== undefined && publisher.closed !== undefined);
    expect([reader.closed?.code, publisher.closed?.code]).toEqual([1001, 1001]);
    expect(reader.seqs()).toEqual(countUp(30_000));
    expect(hub.clients).toBe(0);
    paused.webSocket.terminate();
  });

  test("listens for this machine only, unless something that speaks TLS is in front", async () => {
    const refused = listenWebSocketHub({ port: 0, host: "0.0.0.0", token: testToken });
    await expect(refused).rejects.toMatchObject({
      code: "APEX_HUB_LISTEN",
      hint: expect.stringContaining("behindTls") as unknown,
    });
    const exposed = await listenWebSocketHub({ port: 0, host: "0.0.0.0", token: testToken, behindTls: true });
    const { port } = exposed;
    const headers = { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${testToken}` };
    expect((await sendRaw(port, handshakeLines(socketPaths.subscribe, headers))).status).toBe(101);
    // Reading is all that a token is good for, unless more is asked for.
    expect((await sendRaw(port, handshakeLines(socketPaths.publish, headers))).status).toBe(403);
    await exposed.close();
  });

  test("says that a port is taken, and what to do", async () => {
    const { port } = await start();
    await expect(listenWebSocketHub({ port, token: testToken })).rejects.toMatchObject({
      code: "APEX_HUB_LISTEN",
      hint: expect.stringContaining("choose another port") as unknown,
    });
    await expect(listenWebSocketHub({ port: 0, token: "short" })).rejects.toMatchObject({ code: "APEX_HUB_LISTEN" });
  });
});
