import type { RunEvent } from "@netra-apex/core";
import { afterEach, describe, expect, it } from "vitest";
import type { ListeningHub } from "../../../src/websocket/index.ts";
import { createWebSocketPublisher } from "../../../src/websocket/publisher/create-publisher.ts";
import type { PublisherOptions } from "../../../src/websocket/publisher/publisher-options.ts";
import { countUp, makeEvent, makeEvents, startHub, TestReader, testToken, until } from "../socket-rig.ts";
import { hubThat } from "./faulty-hub.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end().catch(() => undefined);
});

async function start(port = 0): Promise<ListeningHub> {
  const hub = await startHub({ port });
  endings.push(() => hub.close());
  return hub;
}

function publishTo(url: string, options: Partial<PublisherOptions> = {}) {
  const publisher = createWebSocketPublisher({
    url,
    token: testToken,
    threadId: "main",
    backoff: { initialMs: 5, maxMs: 20 },
    ...options,
  });
  endings.push(() => publisher.close());
  const send = (from: number, to: number): void => {
    for (const event of makeEvents("r1", from, to)) publisher.onEvent(event);
  };
  const delivered = (seq: number): Promise<void> =>
    until(`${seq} delivered`, () => publisher.status.deliveredSeq === seq);
  return { publisher, send, delivered };
}

async function read(url: string, lastSeq: number, afterSeq = 0) {
  const reader = await TestReader.connect(url);
  endings.push(() => reader.end());
  reader.send({ type: "subscribe", id: "1", thread: "main", after: { r1: afterSeq } });
  const snapshotTo = (): number => reader.all("snapshot").at(-1)?.throughSeq ?? 0;
  await until(`${lastSeq} read`, () => Math.max(snapshotTo(), reader.seqs().at(-1) ?? 0) === lastSeq);
  return { seqs: reader.seqs(), snapshots: reader.all("snapshot") };
}

describe("a publisher", () => {
  it("sends a run in order, and says how far it is", async () => {
    const { url, port } = await start();
    const { publisher, send, delivered } = publishTo(url);
    expect(publisher.status).toMatchObject({ state: { kind: "idle" }, url: `ws://127.0.0.1:${port}`, run: undefined });
    send(1, 3_000);
    await delivered(3_000);
    expect(publisher.status).toMatchObject({ state: { kind: "open" }, run: "r1", lastSeq: 3_000, connections: 1 });
    expect((await read(url, 3_000)).seqs).toEqual(countUp(3_000));
    send(3_001, 3_010);
    await publisher.close();
    expect((await read(url, 3_010)).seqs).toEqual(countUp(3_010));
  });

  it("does not split a message finer, or make it larger, than it should be", async () => {
    const sizes: number[] = [];
    let lastSeq = 0;
    const hub = await hubThat((message, say) => {
      if (message.type === "publish") {
        sizes.push(JSON.stringify(message).length);
        lastSeq = message.events.at(-1)!.seq;
      }
      say({ type: message.type === "open_run" ? "run_opened" : "published", run: message.run, lastSeq });
    });
    const { send, delivered } = publishTo(hub.url);
    send(1, 9_000);
    await delivered(9_000);
    expect(Math.max(...sizes)).toBeLessThan(257 * 1024);
    expect(sizes.length).toBeLessThan(12);
    await hub.close();
  });

  it("goes on where the hub is when that was started anew, and gives it what it has lost", async () => {
    const first = await start();
    const { publisher, send, delivered } = publishTo(first.url);
    send(1, 500);
    await delivered(500);
    await first.close();
    send(501, 700);
    const second = await start(first.port);
    await delivered(700);
    expect(publisher.status).toMatchObject({ connections: 2, snapshots: 0 });
    expect((await read(second.url, 700)).seqs).toEqual(countUp(700));
  });

  it("takes from the journal what it holds no more", async () => {
    const asked: number[] = [];
    const first = await start();
    const { publisher, send, delivered } = publishTo(first.url, {
      limits: { events: 100, frameBytes: 4_000 },
      async *replay(run, afterSeq): AsyncGenerator<RunEvent> {
        asked.push(afterSeq);
        // A journal gives whole pages, and may hold more than is asked for.
        for (const event of makeEvents(run, Math.max(1, afterSeq - 5), 1_000)) {
          await Promise.resolve();
          yield event;
        }
      },
    });
    send(1, 1_000);
    await delivered(1_000);
    await first.close();
    const second = await start(first.port);
    await until("a second connection", () => publisher.status.connections === 2);
    await delivered(1_000);
    expect((await read(second.url, 1_000)).seqs).toEqual(countUp(1_000));
    expect(publisher.status.snapshots).toBe(0);
    expect(asked).toContain(0);
  });

  it.each(["is none", "ends too early", "cannot be read"])(
    "says what its events amount to where the journal %s",
    async (how) => {
      const { url } = await start();
      const { publisher, send, delivered } = publishTo(url, {
        limits: { events: 100 },
        ...(how !== "is none" && {
          async *replay(run: string): AsyncGenerator<RunEvent> {
            if (how === "cannot be read") throw new Error("no such table");
            yield* makeEvents(run, 1, 20);
          },
        }),
      });
      send(1, 1_000);
      await delivered(1_000);
      expect(publisher.status.snapshots).toBe(1);
      // The events that were still there have come as such, those before them as one digest.
      expect(await read(url, 1_000, 900)).toEqual({ seqs: countUp(1_000, 901), snapshots: [] });
      expect((await read(url, 1_000, 899)).snapshots).toMatchObject([{ throughSeq: 1_000 }]);
    },
  );

  it("keeps what a stalled hub does not take within its bounds, not in the socket", async () => {
    let received = 0;
    let lastSeq = 0;
    let resume = (): void => undefined;
    const hub = await hubThat((message, say, socket) => {
      if (message.type === "open_run") {
        say({ type: "run_opened", run: message.run, lastSeq });
        socket.pause();
        resume = () => socket.resume();
        return;
      }
      received += JSON.stringify(message).length;
      lastSeq = message.type === "publish" ? message.events.at(-1)!.seq : message.throughSeq;
      say({ type: "published", run: message.run, lastSeq });
    }, 60_000);
    const { publisher, delivered } = publishTo(hub.url, { limits: { bytes: 1024 * 1024, socketBytes: 256 * 1024 } });
    const text = "x".repeat(1_000);
    for (let seq = 1; seq <= 30_000; seq += 1) {
      publisher.onEvent(makeEvent("r1", seq, { type: "output", nodeId: "unit", attempt: 1, text }));
      if (seq % 300 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    resume();
    await delivered(30_000);
    // 30 MB were written; the socket and the system took a part, the rest was told as a digest.
    expect(publisher.status.snapshots).toBeGreaterThan(0);
    expect(received).toBeLessThan(20_000_000);
    await hub.close();
  });

  it("gives up a hub that has fallen silent", async () => {
    let sockets = 0;
    const hub = await hubThat(({ type, run }, say) => {
      if (type === "open_run") sockets += 1;
      if (type === "open_run") say({ type: "run_opened", run, lastSeq: 0 });
    }, 60);
    const { send } = publishTo(hub.url);
    send(1, 1);
    await until("another connection", () => sockets > 1);
    expect(sockets).toBeGreaterThan(1);
    await hub.close();
  });
});

describe("the address of a hub", () => {
  it.each([
    ["ws://hub.test:4700", "the token would go over the network in the clear to hub.test:4700"],
    ["http://10.0.0.7", "the token would go over the network in the clear to 10.0.0.7"],
    ["ws://localhost.hub.test", "the token would go over the network in the clear to localhost.hub.test"],
    ["wss://me:secret@hub.test", "the address of a hub must not hold a name or a password"],
    ["ftp://hub.test", "the address of a hub begins with ws:// or wss://, not with ftp://"],
    ["hub", '"hub" is no address of a hub, such as ws://127.0.0.1:4700'],
  ])("%s is refused: %s", (url, message) => {
    const create = (): unknown => createWebSocketPublisher({ url, token: "secret", threadId: "main" });
    expect(create).toThrow(message);
    expect(create).toThrow(
      expect.objectContaining({ code: "APEX_PUBLISHER_INVALID", hint: expect.any(String) as string }) as Error,
    );
  });

  it.each(["wss://hub.test", "ws://127.0.0.1:1", "ws://127.9.9.9", "http://[::1]:4700", "ws://apex.localhost"])(
    "%s may be used with a token",
    (url) => {
      expect(createWebSocketPublisher({ url, token: "secret", threadId: "main" }).status.state.kind).toBe("idle");
    },
  );

  it("is shown without what may be secret in it", () => {
    const { status } = createWebSocketPublisher({ url: "wss://hub.test/deep?key=secret", threadId: "main" });
    expect(status.url).toBe("wss://hub.test");
  });
});
