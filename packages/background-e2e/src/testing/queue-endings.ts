import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { QueueRule } from "./describe-queue-backend.ts";
import { leaseMs, minuteMs, person, resultOf } from "./queue-bench.ts";

/** How tasks end, come back, and go. */
export const endings: Readonly<Record<string, QueueRule>> = {
  "cancels what waits at once, and never starts it later": async (bench) => {
    const waiting = await bench.add({ maxRetries: 1 });
    await bench.queue.complete(await bench.claim(), resultOf("failed"));
    await bench.expectState(waiting, "retry-wait");
    const queued = await bench.add();
    for (const id of [waiting, queued]) {
      strictEqual(await bench.queue.cancel(id, { by: person, reason: "not needed" }), "cancelled");
      match((await bench.expectState(id, "cancelled")).reason ?? "", /ada: not needed/);
      strictEqual(await bench.queue.cancel(id, { by: person }), "already-final");
    }
    bench.wait(60 * minuteMs);
    deepStrictEqual(await bench.claimAll(), []);
    await bench.queue.reap();
    deepStrictEqual(await bench.claimAll(), []);
    strictEqual(await bench.queue.cancel("nobody", { by: person }), "unknown");
  },

  "asks the worker of what runs to end it, once": async (bench) => {
    for (const isRunning of [false, true]) {
      const id = await bench.add({ maxRetries: 3 });
      const claim = await bench.claim();
      await bench.queue.heartbeat(claim, { leaseMs, progress: { isRunning } });
      const atMs = bench.nowMs;
      strictEqual(await bench.queue.cancel(id, { by: person }), "requested");
      bench.wait(1);
      strictEqual(await bench.queue.cancel(id, { by: { kind: "program" } }), "requested");
      const asked = await bench.expectState(id, isRunning ? "running" : "starting");
      deepStrictEqual(asked.cancelRequest, { by: person, atMs });
      strictEqual(await bench.queue.heartbeat(claim, { leaseMs }), "cancel-requested");
      strictEqual(await bench.queue.complete(claim, resultOf("failed")), "stored");
      const task = await bench.expectState(id, "cancelled");
      deepStrictEqual([task.result, task.cancelRequest], [resultOf("failed"), undefined]);
      strictEqual(await bench.queue.heartbeat(claim, { leaseMs }), "lost");
    }
    const requests = (await bench.events()).filter(({ type }) => type === "cancel-requested");
    strictEqual(requests.length, 2);
  },

  "keeps a pass that was quicker than the wish to end it": async (bench) => {
    const id = await bench.add();
    const claim = await bench.claim();
    await bench.queue.cancel(id, { by: person });
    await bench.queue.complete(claim, resultOf("passed"));
    deepStrictEqual((await bench.expectState(id, "completed")).result, resultOf("passed"));
  },

  "cancels what its worker gives back after somebody wanted it to end": async (bench) => {
    const id = await bench.add();
    const claim = await bench.claim();
    await bench.queue.cancel(id, { by: person });
    strictEqual(await bench.queue.release(claim, { reason: "shutting down", delayMs: 0 }), "cancelled");
    await bench.expectState(id, "cancelled");
    deepStrictEqual(await bench.claimAll(), []);
  },

  "sends what is over back to the end of the line, with all its attempts to spend again": async (bench) => {
    const id = await bench.add({ maxRetries: 1 });
    strictEqual(await bench.queue.redrive(id, person), "not-final");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const claim = await bench.claim();
      strictEqual(await bench.queue.redrive(id, person), "not-final");
      await bench.queue.complete(claim, resultOf("failed"));
      bench.wait(5 * minuteMs);
    }
    await bench.expectState(id, "failed");
    const other = await bench.add();
    strictEqual(await bench.queue.redrive(id, person), "requeued");
    const again = await bench.expectState(id, "queued");
    deepStrictEqual([again.spent, again.losses, again.result, again.ahead], [0, 0, undefined, 1]);
    strictEqual(again.attempts.length, 2);
    deepStrictEqual(await bench.claimAll(), [other, id]);
    strictEqual(await bench.queue.complete({ taskId: id, fence: 2 }, resultOf("passed")), "already-stored");
    strictEqual(await bench.queue.complete({ taskId: id, fence: 3 }, resultOf("failed")), "stored");
    await bench.expectState(id, "retry-wait");
    strictEqual(await bench.queue.redrive("nobody", person), "unknown");
  },

  "sends back what was cancelled, or lost with its workers, too": async (bench) => {
    const id = await bench.add();
    await bench.queue.cancel(id, { by: person });
    strictEqual(await bench.queue.redrive(id, person), "requeued");
    strictEqual((await bench.task(id)).reason, undefined);
    for (let loss = 0; loss < 3; loss += 1) {
      await bench.claim();
      bench.wait(leaseMs);
      await bench.queue.reap();
    }
    await bench.expectState(id, "lost");
    strictEqual(await bench.queue.redrive(id, person), "requeued");
    strictEqual((await bench.claim()).fence, 4);
  },

  "removes what has been over for long, or is more than is to be kept": async (bench) => {
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      ids.push(await bench.add({}, { env: { N: String(index) } }));
      await bench.queue.complete(await bench.claim(), resultOf(index === 2 ? "failed" : "passed"));
      bench.wait(1_000);
    }
    const open = await bench.add({}, { env: { N: "0" } });
    deepStrictEqual(await bench.queue.prune({}), []);
    deepStrictEqual(await bench.queue.prune({ olderThanMs: 3_500 }), ids.slice(0, 1));
    deepStrictEqual(await bench.queue.prune({ keep: 1 }), ids.slice(1, 3));
    deepStrictEqual(await bench.queue.prune({ keep: 0, olderThanMs: 0 }), ids.slice(3));
    for (const id of ids) strictEqual(await bench.queue.get(id), undefined);
    deepStrictEqual((await bench.claim()).env, { N: "0" });
    await bench.expectState(open, "starting");
    strictEqual((await bench.queue.stats()).byState.completed, 0);
  },

  "gives events numbers that only grow, and tells of what was removed": async (bench) => {
    const id = await bench.add();
    await bench.queue.cancel(id, { by: person });
    const last = (await bench.events()).at(-1)?.seq ?? 0;
    await bench.queue.prune({ keep: 0 });
    const after = await bench.events(bench.queue, last);
    const pruned = after.filter(({ taskId }) => taskId === id);
    deepStrictEqual(
      pruned.map(({ type }) => type),
      ["pruned"],
    );
    ok(pruned.every(({ seq }) => seq > last));
    deepStrictEqual(
      (await bench.events()).filter(({ taskId }) => taskId === id).map(({ type }) => type),
      ["pruned"],
    );
  },
};
