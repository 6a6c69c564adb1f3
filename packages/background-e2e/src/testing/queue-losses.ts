import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { QueueRule } from "./describe-queue-backend.ts";
import { leaseMs, person, resultOf, workerRef } from "./queue-bench.ts";

/** What becomes of a claim whose worker vanishes. */
export const losses: Readonly<Record<string, QueueRule>> = {
  "takes a task from a worker whose lease is over": async (bench) => {
    const id = await bench.add();
    const worker = workerRef("w");
    await bench.claim(worker);
    bench.wait(leaseMs - 1);
    deepStrictEqual(await bench.queue.reap(), []);
    bench.wait(1);
    deepStrictEqual(await bench.queue.reap(), [{ taskId: id, fence: 1, worker, state: "queued" }]);
    deepStrictEqual(await bench.queue.reap(), []);
    const { attempts, spent, losses: lost, ahead } = await bench.expectState(id, "queued");
    deepStrictEqual([attempts[0]?.status, attempts[0]?.endedMs, spent, lost, ahead], ["lost", bench.nowMs, 0, 1, 0]);
    match(attempts[0]?.reason ?? "", /not been heard of/);
  },

  "takes a task from a worker whose process is known to be gone, at once": async (bench) => {
    const ids = [await bench.add(), await bench.add()];
    await bench.claim(workerRef("gone", 11));
    await bench.claim(workerRef("alive", 12));
    bench.dead.add(11);
    const reaped = await bench.queue.reap();
    deepStrictEqual(
      reaped.map(({ taskId, worker }) => [taskId, worker.id]),
      [[ids[0], "gone"]],
    );
    match((await bench.task(ids[0] ?? "")).attempts[0]?.reason ?? "", /process is gone/);
    await bench.expectState(ids[1] ?? "", "starting");
  },

  "leaves a task to a worker that is late, as long as nobody has reaped it": async (bench) => {
    const id = await bench.add();
    const claim = await bench.claim();
    bench.wait(leaseMs * 2);
    strictEqual(await bench.queue.heartbeat(claim, { leaseMs }), "held");
    deepStrictEqual(await bench.queue.reap(), []);
    bench.wait(leaseMs * 2);
    strictEqual(await bench.queue.complete(claim, resultOf("passed")), "stored");
    deepStrictEqual(await bench.queue.reap(), []);
    await bench.expectState(id, "completed");
  },

  "gives up on a task that takes its workers with it, apart from its retries": async (bench) => {
    const id = await bench.add({ maxRetries: 1 });
    for (const state of ["queued", "queued", "lost"] as const) {
      await bench.claim();
      bench.wait(leaseMs);
      deepStrictEqual(
        (await bench.queue.reap()).map((reaped) => reaped.state),
        [state],
      );
    }
    const lost = await bench.expectState(id, "lost");
    deepStrictEqual([lost.spent, lost.losses, lost.attempts.length, lost.result], [0, 3, 3, undefined]);
    match(lost.reason ?? "", /lost with its worker 3 times/);
    deepStrictEqual(await bench.claimAll(), []);
  },

  "cancels a task that is lost after somebody wanted it to end": async (bench) => {
    const id = await bench.add();
    await bench.claim();
    await bench.queue.cancel(id, { by: person });
    bench.wait(leaseMs);
    deepStrictEqual(
      (await bench.queue.reap()).map(({ state }) => state),
      ["cancelled"],
    );
    deepStrictEqual(await bench.claimAll(), []);
    const { attempts, reason } = await bench.expectState(id, "cancelled");
    strictEqual(attempts[0]?.status, "lost");
    match(reason ?? "", /ada/);
  },
};
