import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { TaskView } from "../queue/queue-backend.ts";
import type { QueueRule } from "./describe-queue-backend.ts";
import { leaseMs, minuteMs, person, resultOf, workerRef } from "./queue-bench.ts";

type Case = readonly [outcome: Parameters<typeof resultOf>[0], state: TaskView["state"], isRetried: boolean];

const cases: readonly Case[] = [
  ["passed", "completed", false],
  ["failed", "failed", true],
  ["errored", "failed", true],
  ["inconclusive", "failed", true],
  ["skipped", "failed", false],
  ["timed-out", "timed-out", true],
  ["cancelled", "cancelled", false],
];

/** What becomes of a claim whose worker lives. */
export const attempts: Readonly<Record<string, QueueRule>> = {
  "prolongs a lease, and adds what the worker tells to what it told": async (bench) => {
    const id = await bench.add();
    const claim = await bench.claim();
    bench.wait(10_000);
    strictEqual(
      await bench.queue.heartbeat(claim, { leaseMs, progress: { isRunning: false, note: "waiting" } }),
      "held",
    );
    const starting = await bench.expectState(id, "starting");
    strictEqual(starting.lease?.untilMs, bench.nowMs + leaseMs);
    const startedMs = bench.nowMs;
    await bench.queue.heartbeat(claim, { leaseMs, progress: { isRunning: true, pid: 7, runId: "run" } });
    bench.wait(10_000);
    const usage = { cpuPercent: 50, memoryBytes: 1_000 };
    await bench.queue.heartbeat(claim, { leaseMs, progress: { isRunning: false, usage } });
    const running = await bench.expectState(id, "running");
    strictEqual(running.changedMs, startedMs);
    deepStrictEqual(running.progress, { isRunning: true, note: "waiting", pid: 7, runId: "run", usage });
    await bench.queue.heartbeat(claim, { leaseMs });
    deepStrictEqual((await bench.task(id)).progress, running.progress);
    const started = (await bench.events()).filter(({ type }) => type === "started");
    deepStrictEqual(
      started.map(({ fence, state }) => ({ fence, state })),
      [{ fence: 1, state: "running" }],
    );
  },

  "binds a claim to the worker that goes on with it": async (bench) => {
    const id = await bench.add();
    const claim = await bench.claim(workerRef("daemon", 1));
    const heir = workerRef("attempt", 2);
    await bench.queue.heartbeat(claim, { leaseMs, worker: heir });
    const { lease, attempts: tries } = await bench.task(id);
    deepStrictEqual([lease?.worker, tries[0]?.worker], [heir, heir]);
    bench.dead.add(1);
    deepStrictEqual(await bench.queue.reap(), []);
    bench.dead.add(2);
    strictEqual((await bench.queue.reap()).length, 1);
  },

  "comes to the state that fits the outcome, where nothing is to be tried again": async (bench) => {
    for (const [outcome, state] of cases) {
      const id = await bench.add();
      const result = resultOf(outcome, { exitCode: 1, runId: "run" });
      strictEqual(await bench.queue.complete(await bench.claim(), result), "stored");
      const task = await bench.expectState(id, state);
      deepStrictEqual(task.result, result);
      deepStrictEqual([task.spent, task.lease, task.progress], [1, undefined, undefined]);
      const [attempt] = task.attempts;
      deepStrictEqual([attempt?.status, attempt?.result, attempt?.endedMs], ["ended", result, bench.nowMs]);
    }
  },

  "tries again what another attempt may change, and nothing else": async (bench) => {
    for (const [outcome, state, isRetried] of cases) {
      for (const isFinal of [false, true]) {
        const id = await bench.add({ maxRetries: 1 });
        await bench.queue.complete(await bench.claim(), resultOf(outcome, { isFinal }));
        await bench.expectState(id, isRetried && !isFinal ? "retry-wait" : state);
        await bench.queue.cancel(id, { by: person });
      }
    }
  },

  "waits longer before each attempt, up to a limit, and of that a random part": async (bench) => {
    const id = await bench.add({ maxRetries: 8 });
    const ceilings = [5, 10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1_000);
    for (const [index, ceiling] of ceilings.entries()) {
      const chance = index % 2 === 0 ? 0.5 : 0.25;
      bench.chance = chance;
      const claim = await bench.claim();
      strictEqual(claim.fence, index + 1);
      await bench.queue.complete(claim, resultOf("failed"));
      const { notBeforeMs, spent, result } = await bench.expectState(id, "retry-wait");
      deepStrictEqual([notBeforeMs, spent, result], [bench.nowMs + ceiling * chance, index + 1, undefined]);
      bench.wait(ceiling * chance - 1);
      deepStrictEqual(await bench.claimAll(), []);
      bench.wait(1);
    }
    await bench.queue.complete(await bench.claim(), resultOf("timed-out"));
    const { attempts: tries, spent } = await bench.expectState(id, "timed-out");
    deepStrictEqual([tries.length, spent], [9, 9]);
    deepStrictEqual(await bench.claimAll(), []);
  },

  "stores the result of a claim once, however often it is told": async (bench) => {
    const id = await bench.add({ maxRetries: 1 });
    const claim = await bench.claim();
    strictEqual(await bench.queue.complete(claim, resultOf("failed")), "stored");
    strictEqual(await bench.queue.complete(claim, resultOf("passed")), "already-stored");
    await bench.expectState(id, "retry-wait");
    bench.wait(5 * minuteMs);
    const second = await bench.claim();
    strictEqual(await bench.queue.complete(claim, resultOf("failed")), "already-stored");
    strictEqual(await bench.queue.complete(second, resultOf("passed")), "stored");
    strictEqual(await bench.queue.complete(second, resultOf("failed")), "already-stored");
    deepStrictEqual((await bench.expectState(id, "completed")).result, resultOf("passed"));
    const ends = (await bench.events()).filter(({ type }) => type === "ended" || type === "retrying");
    deepStrictEqual(
      ends.map(({ type, fence }) => [type, fence]),
      [
        ["retrying", 1],
        ["ended", 2],
      ],
    );
  },

  "refuses a claim that has been lost, and changes nothing for it": async (bench) => {
    const id = await bench.add();
    const old = await bench.claim();
    bench.wait(leaseMs);
    await bench.queue.reap();
    const current = await bench.claim();
    ok(current.fence > old.fence);
    const before = await bench.task(id);
    strictEqual(await bench.queue.complete(old, resultOf("passed")), "stale");
    strictEqual(await bench.queue.release(old, { reason: "no room", delayMs: 0 }), "stale");
    strictEqual(await bench.queue.heartbeat(old, { leaseMs, progress: { isRunning: true } }), "lost");
    strictEqual(await bench.queue.complete({ taskId: id, fence: 99 }, resultOf("passed")), "stale");
    strictEqual(await bench.queue.complete({ taskId: "nobody", fence: 1 }, resultOf("passed")), "stale");
    deepStrictEqual(await bench.task(id), before);
    const refused = (await bench.events()).filter(({ type }) => type === "stale-refused");
    deepStrictEqual(
      refused.map(({ taskId, fence }) => [taskId, fence]),
      [
        [id, 1],
        [id, 1],
        [id, 99],
      ],
    );
    strictEqual(await bench.queue.complete(current, resultOf("passed")), "stored");
  },

  "takes a task back from its worker, without counting the attempt": async (bench) => {
    const id = await bench.add();
    const younger = await bench.add();
    strictEqual(await bench.queue.release(await bench.claim(), { reason: "no room", delayMs: 0 }), "requeued");
    const queued = await bench.expectState(id, "queued");
    deepStrictEqual([queued.spent, queued.losses, queued.ahead], [0, 0, 0]);
    deepStrictEqual([queued.attempts[0]?.status, queued.attempts[0]?.reason], ["released", "no room"]);
    const again = await bench.claim();
    deepStrictEqual([again.taskId, again.fence], [id, 2]);
    strictEqual(await bench.queue.release(again, { reason: "no room", delayMs: 1_000 }), "requeued");
    strictEqual((await bench.expectState(id, "retry-wait")).notBeforeMs, bench.nowMs + 1_000);
    deepStrictEqual(await bench.claimAll(), [younger]);
    bench.wait(1_000);
    strictEqual((await bench.claim()).fence, 3);
  },

  "keeps only the newest of the attempts that were given back": async (bench) => {
    const id = await bench.add({ maxRetries: 1 });
    await bench.queue.complete(await bench.claim(), resultOf("failed"));
    bench.wait(5 * minuteMs);
    for (let index = 0; index < 60; index += 1) {
      await bench.queue.release(await bench.claim(), { reason: "no room", delayMs: 0 });
    }
    const { attempts: tries } = await bench.task(id);
    ok(tries.length < 40);
    deepStrictEqual([tries[0]?.fence, tries.at(-1)?.fence], [1, 61]);
    match(String((await bench.claim()).fence), /^62$/);
  },
};
