import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ListeningHub } from "../../src/websocket/index.ts";
import { countUp, makeEvents, startHub, TestPublisher, TestReader, until } from "./socket-rig.ts";

let server: ListeningHub;
beforeEach(async () => {
  server = await startHub();
});
afterEach(() => server.close());

describe("a hub", () => {
  test("gives a reader what is there already and then what happens, each event once and in order", async () => {
    const reporter = server.hub.createReporter({ threadId: "main" });
    for (const event of makeEvents("r1", 1, 2_500)) reporter.onEvent(event);
    const reader = await TestReader.connect(server.url);
    reader.send({ type: "subscribe", id: "s", thread: "main" });
    expect((await reader.first("subscribed")).runs).toEqual([{ run: "r1", thread: "main", lastSeq: 2_500 }]);
    for (const event of makeEvents("r1", 2_501, 3_000)) reporter.onEvent(event);
    await until("all events", () => reader.seqs().at(-1) === 3_000);
    expect(reader.seqs()).toEqual(countUp(3_000));
  });

  test("goes on where a reader says that it is", async () => {
    const reporter = server.hub.createReporter({ threadId: "main" });
    for (const event of makeEvents("r1", 1, 100)) reporter.onEvent(event);
    const reader = await TestReader.connect(server.url);
    reader.send({ type: "subscribe", id: "s", after: { r1: 90 } });
    await until("the rest", () => reader.seqs().at(-1) === 100);
    expect(reader.seqs()).toEqual(countUp(100, 91));
  });

  test("takes the events of a publisher and says how far it has come", async () => {
    const reader = await TestReader.connect(server.url);
    reader.send({ type: "subscribe", id: "s" });
    const publisher = await TestPublisher.connect(server.url);
    publisher.send({ type: "open_run", run: "r1", thread: "main" });
    expect(await publisher.first("run_opened")).toEqual({ type: "run_opened", run: "r1", lastSeq: 0 });
    publisher.send({ type: "publish", run: "r1", events: makeEvents("r1", 1, 10) });
    expect(await publisher.first("published")).toEqual({ type: "published", run: "r1", lastSeq: 10 });
    await until("all events", () => reader.seqs().at(-1) === 10);
    expect(reader.seqs()).toEqual(countUp(10));
  });
});
