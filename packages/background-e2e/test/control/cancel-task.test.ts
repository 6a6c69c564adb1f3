import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { buildPackage } from "../rig/built-programs.ts";
import { killNow } from "../rig/processes.ts";
import { signal, type WorkerRig, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const by = { kind: "person", name: "Ada" } as const;
/** A tree of three, of which the last is in a session of its own, and nobody heeds SIGTERM. */
const stubborn = JSON.stringify(
  `sh -c 'trap "" TERM; echo x >> ran; sh -c "trap \\"\\" TERM; setsid sh -c \\"trap : TERM; while :; do sleep 1; done\\" & while :; do sleep 1; done" & while :; do sleep 1; done'`,
);
const categories = { slow: "command: sleep 300", stubborn: `command: ${stubborn}`, green: "command: 'true'" };

const cancel = (rig: WorkerRig, id: string, patience?: number) =>
  built.api.cancelTask(rig.queue, rig.place, id, { by, ...(patience === undefined ? {} : { patience }) });

describe("a task that is cancelled", () => {
  it("never starts when it was waiting", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("stubborn");
    expect(await cancel(rig, id)).toMatchObject({ kind: "cancelled", wasRunning: false, task: { state: "cancelled" } });
    rig.startDaemon();
    expect(await rig.end(await rig.enqueue("green"))).toMatchObject({ state: "completed" });
    expect(existsSync(path.join(rig.root, "ran"))).toBe(false);
    expect(await rig.queue.get(id)).toMatchObject({ state: "cancelled", attempts: [] });
    expect(rig.exported(id)).toMatchObject({ status: "cancelled", error_message: "cancelled by Ada" });
  });

  it("has nothing left when it was running, whatever its processes do with their signals; twice is once", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("stubborn");
    rig.startDaemon();
    await expect.poll(async () => (await rig.marked(id)).length, { timeout: 10_000 }).toBeGreaterThan(5);
    const [first, second] = await Promise.all([cancel(rig, id), cancel(rig, id)]);
    expect(await rig.marked(id)).toEqual([]);
    for (const answer of [first, second]) expect(answer).toMatchObject({ kind: "cancelled", wasRunning: true });
    expect(await rig.queue.get(id)).toMatchObject({
      state: "cancelled",
      reason: "cancelled by Ada",
      result: { outcome: { status: "cancelled" } },
    });
    expect(await cancel(rig, id)).toMatchObject({ kind: "already-final", task: { state: "cancelled" } });
    expect(rig.exported(id)).toMatchObject({ status: "cancelled", error_message: "cancelled by Ada" });
  }, 30_000);

  it("has nothing left when it was just being started", async () => {
    const rig = await workerRig(built, { categories });
    rig.startDaemon();
    for (const pauseMs of [0, 30, 100, 200, 300]) {
      const id = await rig.enqueue("slow");
      await rig.until(id, ({ state }) => state !== "queued");
      await delay(pauseMs);
      expect(await cancel(rig, id)).toMatchObject({ kind: "cancelled" });
      expect(await rig.marked(id)).toEqual([]);
      expect((await rig.queue.get(id))?.state).toBe("cancelled");
    }
  });

  it("has nothing left when its attempt was stopped and hears nothing", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("slow");
    rig.startDaemon({ pace: { leaseMs: 30_000, beatMs: 5_000 } });
    const { lease } = await rig.until(id, ({ state }) => state === "running");
    await expect.poll(async () => (await rig.marked(id)).length, { timeout: 5_000 }).toBeGreaterThan(1);
    signal(lease?.worker.process?.pid ?? 0, "SIGSTOP");
    expect(await cancel(rig, id, 1_000)).toMatchObject({ kind: "cancelled", task: { state: "cancelled" } });
    expect(await rig.marked(id)).toEqual([]);
  });

  it("is ended by its attempt where there is no worker, and by whoever cancels it where that is gone, too", async () => {
    const rig = await workerRig(built, { categories, config: "background: { concurrency: 2 }" });
    const [alone, orphaned] = [await rig.enqueue("slow"), await rig.enqueue("slow")];
    const daemon = rig.startDaemon();
    const tasks = [];
    for (const id of [alone, orphaned]) tasks.push(await rig.until(id, ({ state }) => state === "running"));
    await killNow(daemon.pid ?? 0);
    expect(await cancel(rig, alone)).toMatchObject({ kind: "cancelled", task: { state: "cancelled" } });
    expect(await rig.marked(alone)).toEqual([]);
    await killNow(tasks[1]?.lease?.worker.process?.pid ?? 0);
    const startMs = Date.now();
    expect(await cancel(rig, orphaned)).toMatchObject({ kind: "cancelled", task: { state: "cancelled" } });
    expect(Date.now() - startMs).toBeLessThan(5_000);
    expect(await rig.marked(orphaned)).toEqual([]);
  });

  it("stays what it was when it was over, and is unknown when there is none", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("green");
    rig.startDaemon();
    await rig.end(id);
    expect(await cancel(rig, id)).toMatchObject({ kind: "already-final", task: { state: "completed" } });
    expect(await cancel(rig, "nobody-000000")).toEqual({ kind: "unknown" });
  });

  it("ends for the newer one that takes its place", async () => {
    const rig = await workerRig(built, { categories });
    const old = await rig.enqueue("slow");
    rig.startDaemon();
    await rig.until(old, ({ state }) => state === "running");
    const id = await rig.enqueue("slow", { supersedes: true });
    expect(await rig.end(old)).toMatchObject({ state: "cancelled", reason: `superseded by ${id}` });
    await rig.until(id, ({ state }) => state === "running");
    expect((await rig.marked(old)).map(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, "utf8"))).toEqual([]);
    await cancel(rig, id);
  });
});
