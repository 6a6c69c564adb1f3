import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isRunning } from "../is-running.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { quickPace, signal, type WorkerRig, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();

/** 50 are promised for every change: `APEX_TEST_STOPS=50`. */
const rounds = Number(process.env["APEX_TEST_STOPS"] ?? 2);
const graceMs = 5_000;
const pace = { ...quickPace, leaseMs: 2_000, renewMs: 300 };
/** The first attempt would take for ever, the second one is quick. Says who ran. */
const command = JSON.stringify("sh -c 'echo $APEX_TASK >> ran; case $APEX_TASK in *.1) sleep 300;; esac'");

describe("an attempt that was stopped for longer than its lease", () => {
  it(
    "is ended with its tests by the worker, and its task runs again once",
    async () => {
      const rig = await workerRig(built, { categories: { slow: `command: ${command}` } });
      const daemon = rig.startDaemon({ pace });
      let longestMs = 0;
      for (let round = 0; round < rounds; round += 1) {
        const id = await rig.enqueue("slow");
        const old = await stopAttempt(rig, id);
        await rig.until(id, ({ losses }) => losses === 1);
        const takenMs = Number(
          rig.queue.database.sql("select at_ms from event where type = 'lost' and task = ?").get(id)?.["at_ms"],
        );
        signal(old, "SIGCONT");
        const ofTheFirst = async () => (await rig.marked(id)).filter(({ value }) => value === `${id}.1`);
        await expect.poll(ofTheFirst, { timeout: graceMs + 1_000 }).toEqual([]);
        longestMs = Math.max(longestMs, Date.now() - takenMs);
        expect(isRunning(old)).toBe(false);
        expect(await rig.end(id)).toMatchObject({ state: "completed", losses: 1, spent: 1 });
        expect(events(rig, id, "ended")).toBe(1);
        expect(events(rig, id, "stale-refused")).toBe(0);
      }
      expect(isRunning(daemon.pid ?? 0)).toBe(true);
      console.log(
        `${rounds} stopped attempts taken by the worker: 0 stale results stored, nothing left of them ${longestMs} ms after that at most`,
      );
    },
    30_000 + rounds * 5_000,
  );

  it(
    "ends its tests and itself as soon as it goes on, and hands nothing in",
    async () => {
      const rig = await workerRig(built, { categories: { slow: `command: ${command}` } });
      let longestMs = 0;
      for (let round = 0; round < rounds; round += 1) {
        const id = await rig.enqueue("slow");
        const daemon = rig.startDaemon({ pace });
        const old = await stopAttempt(rig, id);
        // Nobody is there to end it when its task is taken from it.
        signal(daemon.pid ?? 0, "SIGKILL");
        await delay(pace.leaseMs + 50);
        expect(await rig.queue.reap()).toMatchObject([{ taskId: id, state: "queued" }]);
        const continuedMs = Date.now();
        signal(old, "SIGCONT");
        await expect.poll(() => rig.marked(id), { timeout: graceMs + 1_000 }).toEqual([]);
        longestMs = Math.max(longestMs, Date.now() - continuedMs);
        expect(await rig.queue.get(id)).toMatchObject({ state: "queued", spent: 0, losses: 1 });
        const next = rig.startDaemon({ pace });
        expect(await rig.end(id)).toMatchObject({ state: "completed", spent: 1 });
        expect(events(rig, id, "ended")).toBe(1);
        signal(next.pid ?? 0, "SIGTERM");
        await expect.poll(() => isRunning(next.pid ?? 0), { timeout: 5_000 }).toBe(false);
      }
      console.log(
        `${rounds} stopped attempts that went on: 0 stale results stored, nothing left after ${longestMs} ms at most`,
      );
    },
    30_000 + rounds * 8_000,
  );

  it("is ended by the next attempt where it was not by anybody else", async () => {
    const rig = await workerRig(built, { categories: { slow: `command: ${command}` } });
    const id = await rig.enqueue("slow");
    const daemon = rig.startDaemon({ pace });
    const old = await stopAttempt(rig, id);
    signal(daemon.pid ?? 0, "SIGKILL");
    await delay(pace.leaseMs + 50);
    await rig.queue.reap();
    rig.startDaemon({ pace });
    expect(await rig.end(id)).toMatchObject({ state: "completed", losses: 1 });
    expect(isRunning(old)).toBe(false);
  });
});

/** Stops the process of the task's first attempt once its tests run; returns its pid. */
async function stopAttempt(rig: WorkerRig, id: string): Promise<number> {
  const { lease } = await rig.until(id, ({ state }) => state === "running");
  const pid = lease?.worker.process?.pid ?? 0;
  await expect.poll(async () => (await rig.marked(id)).length, { timeout: 5_000 }).toBeGreaterThan(1);
  signal(pid, "SIGSTOP");
  return pid;
}

function events(rig: WorkerRig, id: string, type: string): unknown {
  return rig.queue.database.sql("select count(*) as n from event where task = ? and type = ?").get(id, type)?.["n"];
}
