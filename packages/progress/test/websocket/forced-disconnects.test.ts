import { expect, it } from "vitest";
import { connect } from "../../src/client/connect.ts";
import type { ListeningHub } from "../../src/websocket/index.ts";
import { createWebSocketPublisher } from "../../src/websocket/publisher/create-publisher.ts";
import { ChaosProxy, type Fault } from "./chaos-proxy.ts";
import { countUp, makeEvent, startHub, testToken, until } from "./socket-rig.ts";

const disconnects = 1_000;
/** Each with a proxy of its own, so that one does not wait for what is done to the other. */
const readers = 4;
const closeCodes = [1000, 1001, 1011, 1012, 1013, 4408, 4429, 4999];
const heartbeatMs = 100;

it(`${disconnects} forced disconnects leave no gap and repeat nothing`, async () => {
  // All is kept: what becomes of what is not is tested elsewhere.
  const limits = { heartbeatMs, shutdownMs: 50, retainedRunBytes: 2 ** 29, retainedBytes: 2 ** 30 };
  let hub: ListeningHub = await startHub({ limits });
  const { port } = hub;
  let restarts = 0;
  let restarting: Promise<unknown> = Promise.resolve();
  const restart = (): void => {
    restarts += 1;
    restarting = restarting.then(async () => {
      await hub.close();
      hub = await startHub({ limits, port });
    });
  };
  const faultOf = (planned: number): Fault | undefined => {
    if (planned > disconnects) return undefined;
    // Some while it is still opened, most while events come.
    const after = 1 + ((planned * 7_919) % 3_000);
    if (planned % 50 === 0) return { kind: "hub", after, act: restart };
    if (planned % 40 === 3) return { kind: "silence", after };
    if (planned % 5 === 1)
      return { kind: "close", after: 1 + (planned % 4), code: closeCodes[planned % closeCodes.length]! };
    return { kind: (planned >> 2) % 2 === 0 ? "reset" : "cut", after };
  };

  const publisher = createWebSocketPublisher({
    url: `http://127.0.0.1:${port}`,
    token: testToken,
    threadId: "main",
    limits: { gatherMs: 2, events: 1_000_000, bytes: 2 ** 29 },
    backoff: { initialMs: 2, maxMs: 10 },
  });
  const follow = async (index: number) => {
    const proxy = new ChaosProxy({ port, token: testToken }, (number) => faultOf((number - 1) * readers + index + 1));
    const url = await proxy.listen();
    const seqs: number[] = [];
    const client = connect({
      url,
      token: testToken,
      thread: "main",
      backoff: { initialMs: 1, maxMs: 4 },
      openTimeoutMs: 500,
      // What a foreign server's fault costs in patience is tested elsewhere.
      clock: { now: () => Date.now(), schedule: (ms, callback) => schedule(ms > 1_000 ? ms / 1_000 : ms, callback) },
      onItem: (item) => {
        if (item.type === "event") seqs.push(item.event.seq);
        else seqs.push(-1);
      },
    });
    return { proxy, seqs, client };
  };
  const followers = await Promise.all(Array.from({ length: readers }, (_, index) => follow(index)));
  const total = (): number => followers.reduce((sum, { proxy }) => sum + proxy.total, 0);
  let seq = 0;
  const startedMs = performance.now();
  while (total() < disconnects) {
    for (let count = 0; count < 3; count += 1) publisher.onEvent(makeEvent("r1", (seq += 1)));
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (performance.now() - startedMs > 200_000) break;
  }
  await restarting;
  await until("everything at the readers", () => followers.every(({ client }) => client.cursor["r1"] === seq));
  const sums: Record<string, number> = {};
  const add = (name: string, count: number): void => void (sums[name] = (sums[name] ?? 0) + count);
  for (const { proxy, client } of followers) {
    for (const [kind, count] of [...Object.entries(proxy.done), ...Object.entries(client.counts)]) add(kind, count);
  }
  const told = Object.entries(sums).map(([name, count]) => `${count} ${name}`);
  console.log(
    `R16: ${total()} forced disconnects of ${readers} readers in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s: ` +
      `${told.join(", ")}; publisher ${publisher.status.connections} connections`,
  );
  for (const { client } of followers) client.close();
  await publisher.close();
  await Promise.all(followers.map(({ proxy }) => proxy.close()));
  await hub.close();
  expect(total()).toBe(disconnects);
  for (const { seqs } of followers) expect(seqs).toEqual(countUp(seq));
  expect(sums).toMatchObject({ gaps: 0, repeats: 0, snapshots: 0 });
  expect(publisher.status.connections).toBeGreaterThan(restarts / 2);
}, 240_000);

function schedule(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
