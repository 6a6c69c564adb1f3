import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { isRunning } from "../is-running.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { signal, type WorkerRig, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const { api } = built;
const categories = {
  slow: "command: sleep 300",
  short: "command: sleep 1",
  green: "command: 'true'",
  order: `command: ${JSON.stringify("sh -c 'echo $NAME >> order'")}`,
};
const seatOf = (rig: WorkerRig) => new api.DaemonSeat(rig.queue.database);

describe("a worker daemon", () => {
  it("gives back what runs when it is stopped, and is started again by nobody who was not asked to", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("slow");
    const daemon = rig.startDaemon();
    await rig.until(id, ({ state }) => state === "running");
    await api.writeFact(rig.queue.database, "stopped", { atMs: Date.now() });
    await seatOf(rig).requestStop(seatOf(rig).holder()?.id ?? "", "stop");
    api.wake(rig.place);
    await gone(daemon.pid);
    expect(await rig.queue.get(id)).toMatchObject({ state: "queued", spent: 0, losses: 0 });
    expect(await rig.marked(id)).toEqual([]);
    expect(await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: false })).toEqual({
      kind: "stopped",
    });
    const asked = await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: true });
    expect(asked.kind).toBe("started");
    await rig.until(id, ({ state }) => state === "running");
    await api.cancelTask(rig.queue, rig.place, id, { by: { kind: "person" } });
  });

  it("does the same when the machine shuts down, and whoever queues something meanwhile gets another one", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("short");
    const daemon = rig.startDaemon();
    await rig.until(id, ({ state }) => state === "running");
    signal(daemon.pid ?? 0, "SIGTERM");
    await expect.poll(() => seatOf(rig).holder()?.stop, { timeout: 2_000, interval: 5 }).toBe("stop");
    const green = await rig.enqueue("green");
    expect((await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: false })).kind).toBe("started");
    expect([await rig.end(id), await rig.end(green)].map(({ state }) => state)).toEqual(["completed", "completed"]);
    await gone(daemon.pid);
  });

  it("wakes whoever watches the queue when a task starts, as when it ends", async () => {
    const rig = await workerRig(built, { categories });
    const seen = new Set<string | undefined>();
    const id = await rig.enqueue("short");
    // Nobody looks by himself.
    const stopListening = api.onWake(
      rig.place,
      () => void rig.queue.get(id).then((task) => seen.add(task?.state)),
      3_600_000,
    );
    onTestFinished(stopListening);
    rig.startDaemon();
    const hasStarted = (): boolean => seen.has("starting") || seen.has("running");
    await expect.poll(hasStarted, { timeout: 15_000, interval: 20 }).toBe(true);
    await expect.poll(() => seen.has("completed"), { timeout: 15_000, interval: 20 }).toBe(true);
  });

  it("leaves once what runs has ended when that is asked for, or at once for somebody who does not want to wait", async () => {
    const rig = await workerRig(built, { categories });
    const first = await rig.enqueue("short");
    const waiting = await rig.enqueue("green");
    const daemon = rig.startDaemon();
    await rig.until(first, ({ state }) => state === "running");
    await seatOf(rig).requestStop(seatOf(rig).holder()?.id ?? "", "finish");
    await gone(daemon.pid);
    expect([await rig.queue.get(first), await rig.queue.get(waiting)].map((task) => task?.state)).toEqual([
      "completed",
      "queued",
    ]);
    const long = await rig.enqueue("slow", { priority: 1 });
    const second = rig.startDaemon();
    await rig.until(long, ({ state }) => state === "running");
    await seatOf(rig).requestStop(seatOf(rig).holder()?.id ?? "", "finish");
    api.wake(rig.place);
    await delay(300);
    expect((await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: true })).kind).toBe("started");
    await gone(second.pid);
    expect((await rig.queue.get(long))?.state).toBe("running");
    await api.cancelTask(rig.queue, rig.place, long, { by: { kind: "person" } });
    expect((await rig.end(waiting)).state).toBe("completed");
  });

  it("hands over to a newer version; what runs goes on and ends once", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("short");
    const old = rig.startDaemon({ version: "1.0.0" });
    const { lease } = await rig.until(id, ({ state }) => state === "running");
    const ensured = await api.ensureDaemon(rig.queue, rig.place, { version: "1.1.0-rc.1", isAsked: false });
    expect(ensured.kind).toBe("started");
    await gone(old.pid);
    await expect.poll(() => seatOf(rig).holder()?.version, { timeout: 5_000 }).toBe("1.1.0-rc.1");
    expect(await rig.end(id)).toMatchObject({
      state: "completed",
      losses: 0,
      spent: 1,
      attempts: [{ worker: lease?.worker }],
    });
    expect(await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: true })).toMatchObject({
      kind: "running",
    });
  });

  it("is one, however many are started at once", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("green");
    const ensured = await Promise.all(
      Array.from({ length: 20 }, () => api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: true })),
    );
    const pids = [...new Set(ensured.map((one) => ("pid" in one ? one.pid : 0)))];
    expect(await rig.end(id)).toMatchObject({ state: "completed", attempts: [{ fence: 1 }] });
    await expect.poll(() => pids.filter(isRunning).length, { timeout: 15_000 }).toBe(1);
    expect(pids.find(isRunning)).toBe(seatOf(rig).holder()?.process.pid);
  }, 30_000);

  it("loses its seat when it is silent, leaves when it goes on, and nothing runs twice to completion", async () => {
    const rig = await workerRig(built, { categories });
    const first = await rig.enqueue("short");
    const old = rig.startDaemon();
    await rig.until(first, ({ state }) => state === "running");
    signal(old.pid ?? 0, "SIGSTOP");
    const second = await rig.enqueue("green");
    await delay(2_100);
    const next = rig.startDaemon();
    expect(await rig.end(second)).toMatchObject({ state: "completed" });
    signal(old.pid ?? 0, "SIGCONT");
    await gone(old.pid);
    expect(await rig.end(first)).toMatchObject({ state: "completed", losses: 0 });
    expect(isRunning(next.pid ?? 0)).toBe(true);
    expect(rig.workerLog()).toContain("worker left: lost");
    const ends = rig.queue.database.sql("select count(*) as n from event where type = 'ended'").get()?.["n"];
    expect(ends).toBe(2);
  });

  it("leaves when there is nothing to do, and never a task without a worker", async () => {
    const rounds = Number(process.env["APEX_TEST_ROUNDS"] ?? 6);
    const rig = await workerRig(built, { categories, config: "background: { idle_exit: 1ms, notify: { on: never } }" });
    for (let round = 0; round < rounds; round += 1) {
      const id = await rig.enqueue("green");
      await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: false });
      expect((await rig.end(id)).state).toBe("completed");
      // Around the moment in which it leaves.
      await delay(Math.random() * 60);
    }
    await expect.poll(() => seatOf(rig).holder(), { timeout: 5_000 }).toBe(undefined);
    expect(rig.workerLog().match(/worker left: idle/g)?.length ?? 0).toBeGreaterThan(1);
  }, 60_000);

  it("leaves a paused queue, and not one that is resumed in the same moment", async () => {
    const rig = await workerRig(built, { categories, config: "background: { idle_exit: 1ms }" });
    await rig.queue.pause({ by: { kind: "person" } });
    const id = await rig.enqueue("green");
    const daemon = rig.startDaemon();
    await gone(daemon.pid);
    expect((await rig.queue.get(id))?.state).toBe("queued");
    await rig.queue.resume({ kind: "person" });
    await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: false });
    expect((await rig.end(id)).state).toBe("completed");
  });

  it("leaves when its queue or its programs are gone", async () => {
    const rig = await workerRig(built, { categories });
    await api.writeFact(rig.queue.database, "settings", api.workerSettings(await rig.config()));
    const daemon = rig.startDaemon();
    await expect.poll(() => seatOf(rig).holder(), { timeout: 5_000 }).toBeDefined();
    const attempts = path.join(built.directory, "attempt-main.js");
    renameSync(attempts, `${attempts}.away`);
    try {
      await gone(daemon.pid);
      expect(rig.workerLog()).toContain("the program of the attempts is gone");
    } finally {
      renameSync(`${attempts}.away`, attempts);
    }
    const second = rig.startDaemon();
    await expect.poll(() => seatOf(rig).holder(), { timeout: 5_000 }).toBeDefined();
    for (const end of ["", "-wal", "-shm"]) rmSync(`${rig.place.file}${end}`, { force: true });
    await gone(second.pid);
    expect(rig.workerLog()).toContain("the queue was removed or replaced");
  });

  it("goes on when the queue could not be used for a while", async () => {
    const rig = await workerRig(built, { categories: { ...categories, long: "command: sleep 13" } });
    const daemon = rig.startDaemon();
    expect((await rig.end(await rig.enqueue("green"))).state).toBe("completed");
    const id = await rig.enqueue("long");
    await rig.until(id, ({ state }) => state === "running");
    const { database } = rig.queue;
    database.sql("begin immediate").run();
    await delay(12_000);
    database.sql("rollback").run();
    // Its lease ended while nobody could renew it, which is not held against it.
    expect(await rig.end(id)).toMatchObject({ state: "completed", spent: 1, losses: 0 });
    expect(isRunning(daemon.pid ?? 0)).toBe(true);
    expect((await rig.end(await rig.enqueue("green"))).state).toBe("completed");
  }, 60_000);

  it("runs as many at once as the config says, the most urgent first", async () => {
    const rig = await workerRig(built, { categories, config: "background: { concurrency: 2 }" });
    const both = [await rig.enqueue("short"), await rig.enqueue("short")];
    const third = await rig.enqueue("slow");
    for (const [name, priority] of [
      ["idle", 5],
      ["medium", 3],
      ["critical", 1],
    ] as const) {
      await rig.enqueue("order", { priority, envVars: { NAME: name }, isSeparate: true });
    }
    rig.startDaemon();
    let most = 0;
    const order = async (): Promise<string> => {
      most = Math.max(most, (await rig.queue.stats()).active.length);
      return existsSync(path.join(rig.root, "order")) ? readFileSync(path.join(rig.root, "order"), "utf8") : "";
    };
    await expect.poll(order, { timeout: 10_000, interval: 20 }).toBe("critical\nmedium\nidle\n");
    expect(most).toBe(2);
    for (const id of both) expect((await rig.end(id)).state).toBe("completed");
    await api.cancelTask(rig.queue, rig.place, third, { by: { kind: "person" } });
  });

  it("runs what is exclusive alone, and lets nothing that came later go before it", async () => {
    const step = (name: string): string =>
      JSON.stringify(`sh -c 'echo ${name} >> steps; sleep 0.5; echo /${name} >> steps'`);
    const rig = await workerRig(built, {
      categories: {
        a: `command: ${step("a")}`,
        x: `command: ${step("x")}, exclusive: true`,
        b: `command: ${step("b")}`,
      },
      config: "background: { concurrency: 2 }",
    });
    const ids = [await rig.enqueue("a"), await rig.enqueue("x"), await rig.enqueue("b")];
    rig.startDaemon();
    for (const id of ids) await rig.end(id);
    expect(readFileSync(path.join(rig.root, "steps"), "utf8")).toBe("a\n/a\nx\n/x\nb\n/b\n");
  });
});

async function gone(pid: number | undefined): Promise<void> {
  await expect.poll(() => isRunning(pid ?? 0), { timeout: 12_000 }).toBe(false);
}
