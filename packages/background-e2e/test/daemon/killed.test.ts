import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isRunning } from "../is-running.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { guardsOf, killNow } from "../rig/processes.ts";
import { type WorkerRig, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();

/** 200 are promised for every change: `APEX_TEST_KILLS=200`. */
const kills = Number(process.env["APEX_TEST_KILLS"] ?? 10);
const openTasks = 5;
const victims = ["worker", "attempt", "both", "everything"] as const;

describe("a worker and attempts that are killed at any moment", () => {
  it(
    "bring every task to one end, and leave no process",
    async () => {
      const rig = await workerRig(built, {
        categories: {
          short: `command: ${JSON.stringify("sh -c 'sleep 0.1 & sleep 0.1; exit 0'")}`,
          tree: `command: ${JSON.stringify("sh -c '(setsid sleep 0.8 &) ; sleep 0.6; wait'")}`,
        },
        config: "background: { concurrency: 2, notify: { on: never } }",
      });
      const ids: string[] = [];
      const seen = new Set<number>();
      const count = { worker: 0, attempt: 0, guard: 0 };
      let daemon: ChildProcess = rig.startDaemon();
      for (let kill = 0; kill < kills; kill += 1) {
        while ((await openIn(rig)).length < openTasks)
          ids.push(await rig.enqueue(ids.length % 3 === 0 ? "tree" : "short"));
        await delay(Math.random() * 700);
        const victim = victims[Math.floor(Math.random() * victims.length)] ?? "both";
        // Half of the attempts are over before their guard has anything to guard.
        if (victim === "everything") await untilGuarded(rig);
        const attempts = await attemptsOf(rig);
        const guards = attempts.flatMap(guardsOf);
        for (const pid of [...attempts, ...guards]) seen.add(pid);
        const pids = [
          ...(victim === "attempt" ? [] : [daemon.pid ?? 0]),
          ...(victim === "worker" ? [] : victim === "everything" ? attempts : attempts.slice(0, 1)),
          ...(victim === "everything" ? guards : []),
        ];
        await Promise.all(pids.map(killNow));
        if (victim !== "attempt") count.worker += 1;
        if (victim !== "worker")
          count.attempt += victim === "everything" ? attempts.length : Math.min(1, attempts.length);
        if (victim === "everything") count.guard += guards.length;
        // As whoever queues the next task would.
        if (!isRunning(daemon.pid ?? 0)) daemon = rig.startDaemon();
      }
      const states = { completed: 0, lost: 0 };
      for (const id of ids) {
        const { state, losses } = await rig.end(id, 60_000);
        // Three kills of the same task are more than it is queued for again.
        expect(state).toBe(losses === 3 ? "lost" : "completed");
        states[state as keyof typeof states] += 1;
      }
      const ends = rig.queue.database.sql(
        `select task, count(*) as n from event where type = 'ended' or (type = 'lost' and state = 'lost') group by task`,
      );
      expect(ends.all().map(({ n }) => n)).toEqual(ids.map(() => 1));
      expect(rig.queue.database.check()).toEqual([]);
      const unexported = (): string[] =>
        ids.filter((id) => !existsSync(path.join(rig.root, "test_reports/background_e2e", `${id}.json`)));
      await expect.poll(unexported, { timeout: 5_000 }).toEqual([]);
      await expect.poll(() => [...seen].filter(isRunning), { timeout: 10_000 }).toEqual([]);
      await expect.poll(() => rig.marked(), { timeout: 10_000 }).toEqual([]);
      const stale = rig.queue.database.sql("select count(*) as n from event where type = 'stale-refused'").get()?.["n"];
      console.log(
        `${kills} kills (${count.worker} workers, ${count.attempt} attempts, ${count.guard} guards): ${ids.length} tasks, ` +
          `${states.completed} completed, ${states.lost} lost after 3 kills of theirs, 0 without an end, 0 with two; ` +
          `${String(stale)} stale results refused; integrity ok; no process left`,
      );
    },
    60_000 + kills * 3_000,
  );
});

/** Waits for a guard, but not for ever. */
async function untilGuarded(rig: WorkerRig): Promise<void> {
  for (let look = 0; look < 60; look += 1) {
    if ((await attemptsOf(rig)).some((pid) => guardsOf(pid).length > 0)) return;
    await delay(20);
  }
}

/** Pids of the attempts that have processes of their own. */
async function attemptsOf(rig: WorkerRig): Promise<number[]> {
  return (await openIn(rig)).flatMap(({ id, lease }) =>
    lease?.worker.id.startsWith(`${id}.`) ? (lease.worker.process?.pid ?? []) : [],
  );
}

async function openIn(rig: WorkerRig) {
  const { items } = await rig.queue.list(
    { states: ["queued", "starting", "running", "retry-wait"] },
    { order: "urgency", limit: 100 },
  );
  return items;
}
