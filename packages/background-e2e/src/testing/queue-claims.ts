import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { QueueRule } from "./describe-queue-backend.ts";
import { leaseMs, minuteMs, person, resultOf, workerRef } from "./queue-bench.ts";

const ageingMs = 30 * minuteMs;

/** Which task is next. */
export const claims: Readonly<Record<string, QueueRule>> = {
  "hands out the most urgent first, and the older one of two that are as urgent": async (bench) => {
    const [c1, e1, a1] = [
      await bench.add({ priority: 3 }),
      await bench.add({ priority: 5 }),
      await bench.add({ priority: 1 }),
    ];
    const [c2, a2, d1] = [
      await bench.add({ priority: 3 }),
      await bench.add({ priority: 1 }),
      await bench.add({ priority: 4 }),
    ];
    deepStrictEqual(await bench.claimAll(), [a1, a2, c1, c2, d1, e1]);
  },

  "gives a claim its worker, its lease and a fence of its own": async (bench) => {
    const id = await bench.add();
    const worker = workerRef("w1", 17);
    const { taskId, fence, task } = await bench.claim(worker);
    deepStrictEqual([taskId, fence, task.state], [id, 1, "starting"]);
    const { lease, attempts, ahead } = await bench.task(id);
    deepStrictEqual(lease, { worker, fence, untilMs: bench.nowMs + leaseMs });
    deepStrictEqual(attempts, [{ fence, worker, startedMs: bench.nowMs, status: "running" }]);
    strictEqual(ahead, undefined);
    deepStrictEqual(task, await bench.task(id));
  },

  "hands out each task once, and no more than asked for": async (bench) => {
    const ids = [await bench.add(), await bench.add(), await bench.add()];
    const options = { worker: workerRef("w"), leaseMs, max: 2 };
    const first = await bench.queue.claim(options);
    const second = await bench.queue.claim(options);
    deepStrictEqual(
      first.map(({ taskId }) => taskId),
      ids.slice(0, 2),
    );
    deepStrictEqual(
      second.map(({ taskId }) => taskId),
      ids.slice(2),
    );
    deepStrictEqual(await bench.queue.claim(options), []);
    deepStrictEqual(await bench.queue.claim({ ...options, max: 0 }), []);
  },

  "lets what waits grow more urgent, until it is before younger ones of any priority": async (bench) => {
    const low = await bench.add({ priority: 5 });
    bench.wait(ageingMs * 2 - 1);
    const medium = await bench.add({ priority: 3 });
    const second = await bench.add({ priority: 5 });
    deepStrictEqual(
      (await bench.queue.list({}, { order: "urgency", limit: 9 })).items.map(({ id }) => id),
      [medium, low, second],
    );
    bench.wait(1);
    strictEqual((await bench.claim()).taskId, low);
    bench.wait(ageingMs * 3);
    // Nothing becomes more urgent than the most urgent, so the older one of these is first.
    const critical = await bench.add({ priority: 1 });
    deepStrictEqual(await bench.claimAll(), [medium, critical, second]);
  },

  "says how many are before each": async (bench) => {
    const aged = [await bench.add({ priority: 4 }), await bench.add({ priority: 2 })];
    bench.wait(ageingMs);
    const young = [
      await bench.add({ priority: 3 }),
      await bench.add({ priority: 1 }),
      await bench.add({ priority: 5 }),
    ];
    bench.wait(ageingMs / 2);
    const ids = [...aged, ...young, await bench.add({ priority: 2 }), await bench.add({ priority: 3 })];
    const ahead = new Map<string, number | undefined>();
    for (const id of ids) ahead.set(id, (await bench.task(id)).ahead);
    const listed = (await bench.queue.list({}, { order: "urgency", limit: 99 })).items;
    deepStrictEqual(
      listed.map(({ ahead: before }) => before),
      [0, 1, 2, 3, 4, 5, 6],
    );
    for (const task of (await bench.queue.list({}, { order: "newest", limit: 99 })).items) {
      strictEqual(task.ahead, ahead.get(task.id));
    }
    const order = await bench.claimAll();
    deepStrictEqual(
      order.map((id) => ahead.get(id)),
      [0, 1, 2, 3, 4, 5, 6],
    );
    deepStrictEqual(
      listed.map(({ id }) => id),
      order,
    );
  },

  "hands out nothing while it is paused, and what runs goes on": async (bench) => {
    const [running, waiting] = [await bench.add(), await bench.add()];
    const claim = await bench.claim();
    const atMs = bench.nowMs;
    await bench.queue.pause({ by: person, reason: "on battery" });
    bench.wait(1);
    await bench.queue.pause({ by: { kind: "program" } });
    deepStrictEqual((await bench.queue.stats()).paused, { by: person, atMs, reason: "on battery" });
    deepStrictEqual(await bench.claimAll(), []);
    strictEqual(await bench.queue.heartbeat(claim, { leaseMs }), "held");
    strictEqual(await bench.queue.complete(claim, resultOf("passed")), "stored");
    await bench.expectState(running, "completed");
    await bench.queue.resume(person);
    await bench.queue.resume(person);
    strictEqual((await bench.queue.stats()).paused, undefined);
    deepStrictEqual(await bench.claimAll(), [waiting]);
    const types = (await bench.events())
      .map(({ type }) => type)
      .filter((type) => type === "paused" || type === "resumed");
    deepStrictEqual(types, ["paused", "resumed"]);
  },

  "keeps a task's place while it waits for another attempt": async (bench) => {
    const first = await bench.add({ maxRetries: 1 });
    const second = await bench.add();
    await bench.queue.complete(await bench.claim(), resultOf("failed"));
    bench.wait(5 * minuteMs);
    deepStrictEqual(await bench.claimAll(), [first, second]);
  },
};
