import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { taskStates } from "../queue/task.ts";
import type { QueueRule } from "./describe-queue-backend.ts";
import { leaseMs, person, type QueueBench, resultOf } from "./queue-bench.ts";

/** What can be asked of the queue. */
export const listings: Readonly<Record<string, QueueRule>> = {
  "lists by urgency: what runs, what is queued as it will be claimed, what waits, what is over": async (bench) => {
    const tasks = await oneOfEach(bench);
    const { running, starting, urgent, queued, waiting, failed, completed, cancelled } = tasks;
    const all = [running, starting, urgent, queued, waiting, cancelled, failed, completed];
    for (const limit of [1, 2, 3, 7, 8, 50]) {
      const pages = await bench.pages("urgency", limit);
      deepStrictEqual(
        pages.flat().map(({ id }) => id),
        all,
      );
      strictEqual(pages.length, Math.ceil(all.length / limit));
    }
    deepStrictEqual((await bench.pages("urgency", 1)).flat(), (await bench.pages("urgency", 50)).flat());
  },

  "lists by the last change, the newest first": async (bench) => {
    await oneOfEach(bench);
    const [whole = []] = await bench.pages("newest", 50);
    const times = whole.map(({ changedMs }) => changedMs);
    deepStrictEqual(
      times,
      [...times].sort((left, right) => right - left),
    );
    strictEqual(whole.length, 8);
    for (const limit of [1, 3]) deepStrictEqual((await bench.pages("newest", limit)).flat(), whole);
  },

  "lists what fits a filter": async (bench) => {
    const { failed, urgent, cancelled, waiting } = await oneOfEach(bench);
    const ids = async (filter: object): Promise<string[]> =>
      (await bench.pages("newest", 2, filter)).flat().map(({ id }) => id);
    deepStrictEqual(await ids({ states: ["failed"] }), [failed]);
    deepStrictEqual(await ids({ states: [] }), []);
    deepStrictEqual(await ids({ category: "api", states: ["queued"] }), [urgent]);
    deepStrictEqual(await ids({ id: failed.slice(3) }), [failed]);
    deepStrictEqual(await ids({ id: "%" }), []);
    const { changedMs } = await bench.task(cancelled);
    ok((await ids({ sinceMs: changedMs })).includes(cancelled));
    ok(!(await ids({ sinceMs: changedMs + 1 })).includes(cancelled));
    deepStrictEqual(
      (await bench.pages("urgency", 1, { states: ["retry-wait", "failed"] })).flat().map(({ id }) => id),
      [waiting, failed],
    );
  },

  "goes on with a list from where it was, though the line has moved": async (bench) => {
    const ids: string[] = [];
    for (let index = 0; index < 6; index += 1) ids.push(await bench.add());
    const filter = { states: ["queued"] as const };
    const first = await bench.queue.list(filter, { order: "urgency", limit: 2 });
    await bench.claim();
    const late = await bench.add();
    const next = first.next ?? "";
    const second = await bench.queue.list(filter, { order: "urgency", limit: 9, after: next });
    deepStrictEqual(
      second.items.map(({ id }) => id),
      [...ids.slice(2), late],
    );
    strictEqual(second.next, undefined);
    for (const after of ["", "nonsense", "9:", "0:1@x", "1:1@1"]) {
      await rejects(bench.queue.list({}, { order: "newest", limit: 2, after }), { code: "APEX_QUEUE_CURSOR" });
    }
  },

  "says how much there is of everything": async (bench) => {
    const empty = await bench.queue.stats();
    deepStrictEqual(Object.keys(empty.byState).sort(), [...taskStates].sort());
    ok(Object.values(empty.byState).every((count) => count === 0));
    deepStrictEqual([empty.queuedByCategory, empty.active], [{}, []]);
    const { running, starting } = await oneOfEach(bench);
    const { byState, queuedByCategory, active } = await bench.queue.stats();
    deepStrictEqual(byState, {
      ...{ queued: 2, starting: 1, running: 1, "retry-wait": 1 },
      ...{ completed: 1, failed: 1, "timed-out": 0, cancelled: 1, lost: 0 },
    });
    deepStrictEqual(queuedByCategory, { e2e: 1, api: 1 });
    deepStrictEqual([...active].sort(), [running, starting].sort());
  },

  "tells the whole trail, and then what comes, until the signal": async (bench) => {
    const id = await bench.add();
    const stop = new AbortController();
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { type, seq } of bench.queue.events(0, stop.signal)) {
        heard.push(type);
        ok(seq > 0);
        if (type === "ended") stop.abort();
      }
    })();
    const claim = await bench.claim();
    await bench.queue.heartbeat(claim, { leaseMs, progress: { isRunning: true } });
    await bench.queue.complete(claim, resultOf("passed"));
    await listening;
    deepStrictEqual(heard, ["enqueued", "claimed", "started", "ended"]);
    const events = await bench.events();
    deepStrictEqual(
      events.map(({ taskId, state, fence }) => ({ taskId, state, fence })),
      [
        { taskId: id, state: "queued", fence: undefined },
        { taskId: id, state: "starting", fence: 1 },
        { taskId: id, state: "running", fence: 1 },
        { taskId: id, state: "completed", fence: 1 },
      ],
    );
    deepStrictEqual(await bench.events(bench.queue, events[1]?.seq), events.slice(2));
    const over = AbortSignal.abort();
    for await (const event of bench.queue.events(0, over)) throw new Error(`told ${event.type} after its end`);
  },

  "refuses everything once it is closed, and ends those who listen": async (bench) => {
    await bench.add();
    const types: string[] = [];
    const listening = (async () => {
      for await (const { type } of bench.queue.events(0, new AbortController().signal)) {
        types.push(type);
        await bench.queue.close();
      }
    })();
    await listening;
    deepStrictEqual(types, ["enqueued"]);
    await rejects(bench.queue.stats(), { code: "APEX_QUEUE_CLOSED" });
    await rejects(bench.add(), { code: "APEX_QUEUE_CLOSED" });
    await bench.queue.close();
  },
};

/** Eight tasks, each in a state of its own or of a priority of its own, a second between all changes. */
async function oneOfEach(bench: QueueBench) {
  const end = async (outcome: Parameters<typeof resultOf>[0], maxRetries = 0): Promise<string> => {
    const id = await bench.add({ maxRetries });
    await bench.queue.complete(await bench.claim(), resultOf(outcome));
    bench.wait(1_000);
    return id;
  };
  const completed = await end("passed");
  const failed = await end("failed");
  const cancelled = await bench.add();
  await bench.queue.cancel(cancelled, { by: person });
  bench.wait(1_000);
  const waiting = await bench.add({ maxRetries: 1 });
  bench.chance = 0.99;
  await bench.queue.complete(await bench.claim(), resultOf("failed"));
  bench.chance = undefined;
  const running = await bench.add();
  bench.wait(10);
  await bench.queue.heartbeat(await bench.claim(), { leaseMs, progress: { isRunning: true } });
  const starting = await bench.add();
  bench.wait(10);
  await bench.claim();
  const queued = await bench.add();
  bench.wait(10);
  const urgent = await bench.add({ category: "api", priority: 1 });
  return { completed, failed, cancelled, waiting, running, starting, queued, urgent };
}
