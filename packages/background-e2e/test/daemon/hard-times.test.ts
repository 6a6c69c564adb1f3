import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ProcessGuard } from "@netra-apex/runner";
import { describe, expect, it } from "vitest";
import { isRunning } from "../is-running.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { commandLine } from "../rig/processes.ts";
import { signal, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const { api } = built;
const categories = { slow: "command: sleep 300", short: "command: sleep 1.5", green: "command: 'true'" };

/** As many as a busy project has in a month: `APEX_TEST_TASKS=500`. */
const tasks = Number(process.env["APEX_TEST_TASKS"] ?? 12);

describe("a worker daemon in hard times", () => {
  it("that a test of another run has started ends with that test; what it ran is run by the next one", async () => {
    const rig = await workerRig(built, { categories });
    const id = await rig.enqueue("short");
    const script = path.join(rig.root, "starts.mjs");
    writeFileSync(
      script,
      `import { openQueueAt, queuePlace, ensureDaemon } from ${JSON.stringify(path.join(built.directory, "index.js"))};
      const place = queuePlace(${JSON.stringify(rig.place.store)});
      const queue = await openQueueAt(place);
      await ensureDaemon(queue, place, { version: "1.0.0", isAsked: true });
      while ((await queue.get(${JSON.stringify(id)})).state !== "running") await new Promise((r) => setTimeout(r, 20));
      await queue.close();`,
    );
    const guard = new ProcessGuard();
    const { result } = guard.run({
      command: { kind: "argv", file: process.execPath, args: [script] },
      ...{ cwd: rig.root, env: {}, logFile: path.join(rig.root, "outer.log"), graceMs: 5_000 },
    });
    expect(await result).toMatchObject({ kind: "exit", exit: { exitCode: 0 } });
    await guard.close();
    const { pid } = /started, pid (?<pid>\d+)/.exec(rig.workerLog())?.groups ?? {};
    expect(isRunning(Number(pid))).toBe(false);
    expect(await rig.marked(id)).toEqual([]);
    expect(["queued", "running"]).toContain((await rig.queue.get(id))?.state);
    rig.startDaemon();
    expect(await rig.end(id)).toMatchObject({ state: "completed", spent: 1 });
  });

  it("starts with Node's options of a shell that mean nothing to it", async () => {
    const rig = await workerRig(built, { categories });
    process.env["NODE_OPTIONS"] = "--require ./only-here.cjs";
    try {
      await api.ensureDaemon(rig.queue, rig.place, { version: "1.0.0", isAsked: true });
    } finally {
      delete process.env["NODE_OPTIONS"];
    }
    expect(await rig.end(await rig.enqueue("green"))).toMatchObject({ state: "completed" });
  });

  it("does not take tasks from attempts that slept as it did", async () => {
    const rig = await workerRig(built, { categories: { short: "command: sleep 8" } });
    const id = await rig.enqueue("short");
    const pace = { leaseMs: 1_500, renewMs: 700, silenceMs: 60_000 };
    const daemon = rig.startDaemon({ pace });
    const { lease } = await rig.until(id, ({ state }) => state === "running");
    const asleep = [daemon.pid ?? 0, lease?.worker.process?.pid ?? 0];
    for (const pid of asleep) signal(pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    // The worker is the first to wake up.
    signal(asleep[0] ?? 0, "SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 300));
    signal(asleep[1] ?? 0, "SIGCONT");
    expect(await rig.end(id)).toMatchObject({ state: "completed", losses: 0, spent: 1 });
  }, 30_000);

  it("starts no attempt beside what one has left that was killed with its guard", async () => {
    const rig = await workerRig(built, {
      categories: { port: `command: ${JSON.stringify("sh -c 'sleep 300; true'")}` },
    });
    const id = await rig.enqueue("port");
    rig.startDaemon();
    const { lease } = await rig.until(id, ({ state }) => state === "running");
    await expect.poll(async () => (await rig.marked(id)).length, { timeout: 5_000 }).toBeGreaterThan(1);
    const attempt = lease?.worker.process?.pid ?? 0;
    const children = readFileSync(`/proc/${attempt}/task/${attempt}/children`, "utf8").trim().split(" ").map(Number);
    for (const pid of [...children.filter((child) => commandLine(child).includes("guard-main")), attempt])
      signal(pid, "SIGKILL");
    const old = (await rig.marked(id)).map(({ pid }) => pid);
    await rig.until(id, ({ state, attempts }) => state === "running" && attempts.length === 2);
    expect(old.filter(isRunning)).toEqual([]);
    await api.cancelTask(rig.queue, rig.place, id, { by: { kind: "person" } });
  });

  it(
    "keeps nothing of the tasks that are over",
    async () => {
      const rig = await workerRig(built, {
        categories,
        config: "background: { concurrency: 2, notify: { on: never } }",
      });
      const daemon = rig.startDaemon();
      const first = await rig.enqueue("green");
      await rig.end(first);
      await expect.poll(() => rig.marked(first)).toEqual([]);
      const before = footprint(daemon.pid ?? 0);
      const ids = [];
      for (let task = 0; task < tasks; task += 1) ids.push(await rig.enqueue("green"));
      for (const id of ids) expect((await rig.end(id, 30_000)).state).toBe("completed");
      await expect.poll(() => rig.marked(), { timeout: 5_000 }).toEqual([]);
      const after = footprint(daemon.pid ?? 0);
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 1);
      console.log(
        `${tasks} tasks: the worker has ${after.descriptors} descriptors (${before.descriptors} before), ${after.megabytes} MB (${before.megabytes} MB before)`,
      );
    },
    60_000 + tasks * 2_000,
  );

  it("says in its log what is wrong with a place where results cannot be written, and runs what is queued", async () => {
    const rig = await workerRig(built, { categories });
    rig.write("test_reports/background_e2e", "a file in the way");
    const id = await rig.enqueue("green");
    rig.startDaemon();
    expect(await rig.end(id)).toMatchObject({ state: "completed" });
    await expect.poll(() => rig.workerLog(), { timeout: 5_000 }).toContain(`the result of ${id} could not be written`);
    rmSync(path.join(rig.root, "test_reports/background_e2e"));
    const daemon = /started, pid (\d+)/.exec(rig.workerLog())?.[1];
    signal(Number(daemon), "SIGKILL");
    rig.startDaemon();
    await expect
      .poll(() => namesIn(path.join(rig.root, "test_reports/background_e2e")), { timeout: 5_000 })
      .toEqual([`${id}.json`]);
  });
});

function footprint(pid: number): { descriptors: number; megabytes: number } {
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, megabytes: Math.round(Number(resident) / 1024) };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
