import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { QueueRule } from "./describe-queue-backend.ts";
import { newTask, person, resultOf } from "./queue-bench.ts";

const all = ["queued", "starting", "running", "retry-wait"] as const;
const join = { fingerprint: "tree 1", states: all };

/** How tasks come into the queue. */
export const enqueuing: Readonly<Record<string, QueueRule>> = {
  "gives a task an id with its category, and keeps all of it": async (bench) => {
    const spec = { category: "Büro e2e/../x", envVars: { A: "1" }, timeoutMs: 5_000, cpuLimitPercent: 50 };
    const task = newTask({ ...spec, priority: 2 }, { by: { kind: "schedule", name: "nightly" } });
    const { taskId, created, superseded } = await bench.queue.enqueue(task);
    match(taskId, /^[a-z0-9][a-z0-9_-]*-[a-z0-9]{6}$/);
    deepStrictEqual({ created, superseded }, { created: true, superseded: [] });
    deepStrictEqual(await bench.task(taskId), {
      ...{ id: taskId, spec: task.spec, priority: 2, state: "queued", by: task.by },
      ...{ createdMs: bench.nowMs, changedMs: bench.nowMs, ahead: 0, attempts: [], spent: 0, losses: 0 },
    });
    strictEqual(await bench.queue.get("e2e-nobody"), undefined);
  },

  "gives no two tasks one id": async (bench) => {
    const ids = new Set<string>();
    for (let index = 0; index < 200; index += 1) ids.add(await bench.add());
    strictEqual(ids.size, 200);
  },

  "refuses a task that is none": async (bench) => {
    const invalid = { code: "APEX_TASK_INVALID" };
    await rejects(bench.queue.enqueue(newTask({ category: "" })), invalid);
    await rejects(bench.queue.enqueue(newTask({ maxRetries: -1 })), invalid);
    await rejects(bench.queue.enqueue({ ...newTask(), priority: 7 as 1 }), invalid);
    strictEqual((await bench.queue.stats()).byState.queued, 0);
  },

  "takes the same idempotency key for the same task, for ever": async (bench) => {
    const task = newTask({}, { idempotencyKey: "build 7" });
    const first = await bench.queue.enqueue(task);
    const again = await bench.queue.enqueue({ ...task, priority: 1, supersedes: true });
    deepStrictEqual(again, { taskId: first.taskId, created: false, superseded: [] });
    strictEqual((await bench.task(first.taskId)).priority, 3);
    await bench.queue.cancel(first.taskId, { by: person });
    bench.wait(1);
    await bench.queue.prune({ olderThanMs: 0 });
    strictEqual(await bench.queue.get(first.taskId), undefined);
    deepStrictEqual(await bench.queue.enqueue(task), { taskId: first.taskId, created: false, superseded: [] });
    strictEqual((await bench.queue.stats()).byState.queued, 0);
  },

  "joins a task with the same fingerprint that is in one of the states": async (bench) => {
    const first = await bench.add({}, { join });
    deepStrictEqual(await bench.queue.enqueue(newTask({}, { join })), {
      taskId: first,
      created: false,
      superseded: [],
    });
    const claim = await bench.claim();
    strictEqual(await bench.add({}, { join }), first);
    const onlyQueued = await bench.queue.enqueue(newTask({}, { join: { ...join, states: ["queued"] } }));
    strictEqual(onlyQueued.created, true);
    strictEqual((await bench.queue.enqueue(newTask({}, { join: { ...join, fingerprint: "tree 2" } }))).created, true);
    await bench.queue.complete(claim, resultOf("passed"));
    strictEqual(await bench.add({}, { join }), onlyQueued.taskId);
  },

  "makes a task as urgent as the most urgent of those that join it while it waits": async (bench) => {
    const first = await bench.add({}, { join, priority: 3 });
    const other = await bench.add({}, { priority: 2 });
    strictEqual(await bench.add({}, { join, priority: 1 }), first);
    strictEqual(await bench.add({}, { join, priority: 4 }), first);
    strictEqual((await bench.queue.get(first))?.priority, 1);
    const claims = await bench.queue.claim({ worker: { id: "w" }, leaseMs: 1_000, max: 2 });
    deepStrictEqual(
      claims.map(({ taskId }) => taskId),
      [first, other],
    );
  },
  "joins no task that is about to be cancelled": async (bench) => {
    const first = await bench.add({}, { join });
    await bench.claim();
    await bench.queue.cancel(first, { by: person });
    ok((await bench.queue.enqueue(newTask({}, { join }))).created);
  },

  "remembers the key of what was joined": async (bench) => {
    const first = await bench.add({}, { join });
    strictEqual(await bench.add({}, { join, idempotencyKey: "build 8" }), first);
    strictEqual(await bench.add({}, { idempotencyKey: "build 8" }), first);
  },

  "cancels older tasks of the same category and environment for one that supersedes them": async (bench) => {
    const running = await bench.add({ maxRetries: 5 });
    const claim = await bench.claim();
    const waiting = await bench.add();
    const others = [await bench.add({ category: "api" }), await bench.add({ environment: "staging" })];
    const { taskId, superseded } = await bench.queue.enqueue(newTask({}, { supersedes: true }));
    deepStrictEqual([...superseded].sort(), [running, waiting].sort());
    const by = { kind: "task", name: taskId };
    match((await bench.expectState(waiting, "cancelled")).reason ?? "", new RegExp(`superseded by ${taskId}`));
    deepStrictEqual((await bench.expectState(running, "starting")).cancelRequest, { by, atMs: bench.nowMs });
    strictEqual(await bench.queue.complete(claim, resultOf("failed")), "stored");
    match((await bench.expectState(running, "cancelled")).reason ?? "", new RegExp(`superseded by ${taskId}`));
    deepStrictEqual(await bench.claimAll(), [...others, taskId]);
  },

  "writes down everything that was dropped": async (bench) => {
    const first = await bench.add({}, { join, idempotencyKey: "k" });
    await bench.add({}, { join });
    await bench.add({}, { idempotencyKey: "k" });
    const next = await bench.add({}, { supersedes: true });
    const events = (await bench.events()).map(({ type, taskId, by, state }) => ({ type, taskId, by, state }));
    const bySomebody = { by: person, state: undefined };
    deepStrictEqual(events, [
      { type: "enqueued", taskId: first, by: person, state: "queued" },
      { type: "joined", taskId: first, ...bySomebody },
      { type: "joined", taskId: first, ...bySomebody },
      { type: "enqueued", taskId: next, by: person, state: "queued" },
      { type: "superseded", taskId: first, by: { kind: "task", name: next }, state: "cancelled" },
    ]);
  },

  "hands the environment to whoever claims, and to nobody else": async (bench) => {
    const env = { PATH: "/bin", TOKEN: "secret" };
    const first = await bench.add({}, { env });
    await bench.add({}, { env });
    await bench.add();
    ok(!JSON.stringify(await bench.task(first)).includes("secret"));
    deepStrictEqual((await bench.claim()).env, env);
    await bench.queue.cancel(first, { by: person });
    deepStrictEqual((await bench.claim()).env, env);
    strictEqual((await bench.claim()).env, undefined);
  },
};
