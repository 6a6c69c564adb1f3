import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { QueueRule } from "./describe-queue-backend.ts";
import { leaseMs, newTask, person, resultOf, workerRef } from "./queue-bench.ts";

/** What holds where several have the same queue. */
export const shared: Readonly<Record<string, QueueRule>> = {
  "keeps what it has acknowledged for whoever opens it next": async (bench) => {
    const id = await bench.add({ maxRetries: 2 }, { env: { A: "1" }, join: { fingerprint: "f", states: ["queued"] } });
    await bench.queue.pause({ by: person });
    const before = await bench.task(id);
    await bench.queue.close();
    const next = await bench.another();
    deepStrictEqual(await next.get(id), before);
    deepStrictEqual((await next.stats()).paused?.by, person);
    await next.resume(person);
    const [claim] = await next.claim({ worker: workerRef("w"), leaseMs, max: 9 });
    deepStrictEqual(claim?.env, { A: "1" });
  },

  "hands each task to one of those who want it at the same time": async (bench) => {
    const others = [bench.queue, await bench.another(), await bench.another()];
    const ids = await Promise.all(
      others.flatMap((queue) => Array.from({ length: 10 }, async () => (await queue.enqueue(newTask())).taskId)),
    );
    const claims = await Promise.all(
      others.flatMap((queue, worker) =>
        Array.from({ length: 4 }, () => queue.claim({ worker: workerRef(`w${worker}`), leaseMs, max: 3 })),
      ),
    );
    deepStrictEqual(
      claims
        .flat()
        .map(({ taskId }) => taskId)
        .sort(),
      [...ids].sort(),
    );
  },

  "makes one task of a key that several use at the same time": async (bench) => {
    const others = [bench.queue, await bench.another(), await bench.another()];
    const made = await Promise.all(others.map((queue) => queue.enqueue(newTask({}, { idempotencyKey: "once" }))));
    strictEqual(new Set(made.map(({ taskId }) => taskId)).size, 1);
    strictEqual(made.filter(({ created }) => created).length, 1);
  },

  "stores one result where two tell one of the same claim": async (bench) => {
    const other = await bench.another();
    await bench.add();
    const claim = await bench.claim();
    const told = await Promise.all([
      bench.queue.complete(claim, resultOf("passed")),
      other.complete(claim, resultOf("failed")),
    ]);
    deepStrictEqual([...told].sort(), ["already-stored", "stored"]);
  },

  "tells of what others have done": async (bench) => {
    const other = await bench.another();
    const stop = new AbortController();
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { type } of other.events(0, stop.signal)) {
        heard.push(type);
        if (type === "ended") stop.abort();
      }
    })();
    await bench.add();
    await bench.queue.complete(await bench.claim(), resultOf("passed"));
    await listening;
    deepStrictEqual(heard, ["enqueued", "claimed", "ended"]);
    ok(stop.signal.aborted);
  },
};
