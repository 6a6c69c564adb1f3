import { definePlan, type RunEvent, startRun } from "@netra-apex/core";
import { EventRecorder, scriptedAgent } from "@netra-apex/core/testing";
import { describe, expect, it } from "vitest";
import { createWebSocketPublisher } from "../../../src/websocket/publisher/create-publisher.ts";
import { type FaultyHub, httpServer, hubThat, nobody, socketServer, tcpServer } from "./faulty-hub.ts";

const neverAnswers = (): Promise<FaultyHub> => tcpServer(() => undefined);

interface Fault {
  readonly fault: string;
  readonly start: () => Promise<FaultyHub>;
  /** Of the fault, in the end. */
  readonly said: RegExp;
  /** The hub is not asked again. */
  readonly isFinal: boolean;
}

/** Every way in which a hub can be at fault. */
const faults: readonly Fault[] = (
  [
    ["is not there", nobody, /ECONNREFUSED/],
    ["takes connections and says nothing", neverAnswers, /does not answer/],
    ["hangs up at once", () => tcpServer((socket) => socket.destroy()), /socket hang up|ECONNRESET/],
    ["speaks another language", () => tcpServer((socket) => socket.end("220 mail.test ESMTP\r\n")), /Parse Error/],
    ["answers with 500", () => httpServer(500), /HTTP 500/],
    ["is full (503)", () => httpServer(503), /HTTP 503/],
    ["does not take the token (401)", () => httpServer(401), /token \(401\)/, "refused"],
    ["does not allow it (403)", () => httpServer(403), /publish here \(403\)/, "refused"],
    ["sends garbage", () => socketServer((socket) => socket.send("\u0000?")), /no hub/],
    ["sends binary garbage", () => socketServer((socket) => socket.send(Buffer.alloc(9))), /no hub/],
    ["sends too much", () => socketServer((socket) => socket.send("x".repeat(200_000))), /Max payload|no connection/],
    ["opens and stays silent", () => socketServer(() => undefined), /does not answer/],
    [
      "is of another version",
      () => socketServer((socket) => socket.send('{"type":"welcome","protocol":9,"heartbeatMs":1000}')),
      /version 9/,
      "refused",
    ],
    ["welcomes and never opens the run", () => hubThat(() => undefined), /does not answer/],
    [
      "forbids the run",
      () => hubThat((_, say) => say({ type: "error", code: "forbidden", message: "not yours" })),
      /it says: not yours/,
      "refused",
    ],
    [
      "opens the run and takes nothing",
      () =>
        hubThat(({ type, run }, say) => {
          if (type === "open_run") say({ type: "run_opened", run, lastSeq: 0 });
        }),
      /does not answer/,
    ],
    [
      "says of everything that events are missing",
      () =>
        hubThat(({ type, run }, say) => {
          if (type === "open_run") say({ type: "run_opened", run, lastSeq: 0 });
          else say({ type: "error", code: "gap", message: "a gap" });
        }),
      /a gap|does not answer/,
    ],
    ...[1000, 1001, 1008, 1009, 1011, 1012, 1013, 4408, 4429, 4999].map(
      (code) =>
        [
          `closes with ${code}`,
          () => hubThat((_, _say, socket) => socket.close(code)),
          code === 1001 ? /goes down/ : new RegExp(`closed with ${code}|too slow`),
        ] satisfies [string, () => Promise<FaultyHub>, RegExp],
    ),
    ...[4400, 4401, 4403].map(
      (code) =>
        [`closes with ${code}`, () => hubThat((_, _say, socket) => socket.close(code)), /hub/, "refused"] as const,
    ),
  ] satisfies (readonly [string, () => Promise<FaultyHub>, RegExp, "refused"?])[]
).map(([fault, start, said, end]) => ({ fault, start, said, isFinal: end === "refused" }));

/** A run of 20 nodes that works a little in each. */
async function playRun(reporters: Parameters<typeof startRun>[1]["reporters"]) {
  const nodes = Array.from({ length: 20 }, (_, index) => ({ id: `node-${index}`, agent: "work" }));
  const agent = scriptedAgent("work", async (_, context) => {
    for (let step = 0; step < 20; step += 1) context.think(`step ${step}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  return startRun(definePlan({ nodes }), { agents: [agent], reporters: reporters ?? [], user: { threadId: "main" } })
    .summary;
}

describe("a run whose hub", () => {
  it.each(faults)("$fault passes, whole, and says what was not delivered", async ({ start, said, isFinal }) => {
    const hub = await start();
    const notices: string[] = [];
    const recorder = new EventRecorder();
    const publisher = createWebSocketPublisher({
      url: hub.url,
      token: "a-token",
      threadId: "main",
      limits: { closeMs: 300 },
      backoff: { initialMs: 5, maxMs: 20 },
      onNotice: (message) => notices.push(message),
    });
    const summary = await playRun([recorder, publisher]);
    const total = recorder.events.length;
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(recorder.all("reporter_failed")).toEqual([]);
    expect(summary.reporterFailures).toHaveLength(1);
    const [failure] = summary.reporterFailures!;
    expect(failure!.reporter).toBe("websocket");
    expect(failure!.message).toContain(`${total} of ${total} events not delivered: hub at ${hub.url}: `);
    expect(failure!.message).toMatch(said);
    expect(publisher.status.state.kind).toBe("closed");
    expect(notices.length).toBeLessThanOrEqual(1);
    const refusals = notices.filter((notice) => notice.includes("refuses the run"));
    expect(refusals).toHaveLength(isFinal ? 1 : 0);
    expect(isFinal ? hub.connections() : 1).toBe(1);
    await hub.close();
  });

  it("answers slowly, is not waited for while it runs, and has everything in the end", async () => {
    let hubSeq = 0;
    const hub = await hubThat(({ run, ...message }, say) => {
      setTimeout(() => {
        if (message.type === "publish") hubSeq = message.events.at(-1)!.seq;
        say({ type: message.type === "open_run" ? "run_opened" : "published", run, lastSeq: hubSeq });
      }, 150);
    });
    const publisher = createWebSocketPublisher({ url: hub.url, threadId: "main" });
    const summary = await playRun([publisher]);
    expect(summary.reporterFailures).toBeUndefined();
    expect(publisher.status.deliveredSeq).toBe(hubSeq);
    await hub.close();
  });
});

describe("a hub that is gone when the run ends", () => {
  const event = (seq: number): RunEvent => ({
    version: 1,
    seq,
    at: "2026-01-31T14:25:00.000Z",
    runId: "r1",
    type: "run_paused",
    reason: "",
  });

  it("costs nothing of the time for those that answer", async () => {
    const hub = await nobody();
    const publisher = createWebSocketPublisher({ url: hub.url, threadId: "main", limits: { closeMs: 60_000 } });
    for (let seq = 1; seq <= 3; seq += 1) publisher.onEvent(event(seq));
    // Within the test's own limit, which is a third of what a hub may take that was there.
    await expect(publisher.close()).rejects.toMatchObject({
      code: "APEX_EVENTS_NOT_DELIVERED",
      missing: 3,
      total: 3,
      message: expect.stringMatching(
        /^3 of 3 events not delivered: hub at ws:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      ) as string,
    });
  });

  it("is not asked for anything where there was no event", async () => {
    const hub = await neverAnswers();
    await createWebSocketPublisher({ url: hub.url, threadId: "main" }).close();
    expect(hub.connections()).toBe(0);
    await hub.close();
  });
});
