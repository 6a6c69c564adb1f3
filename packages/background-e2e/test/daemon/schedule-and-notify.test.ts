import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isRunning } from "../is-running.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { signal, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const { api } = built;

describe("a worker daemon", () => {
  it("queues what is due by its schedule, once", async () => {
    const rig = await workerRig(built, {
      categories: { e2e: "command: 'true'" },
      config: 'background: { schedule: { nightly: { cron: "0 2 * * *", categories: [e2e], priority: low } } }',
    });
    await api.writeFact(rig.queue.database, "settings", api.workerSettings(await rig.config()));
    const twoDaysAgo = Date.now() - 2 * 24 * 3_600_000;
    await api.writeFact(rig.queue.database, "schedules", { nightly: { rule: "0 2 * * * ", lastMs: twoDaysAgo } });
    const scheduled = async () => (await rig.queue.list({}, { order: "newest", limit: 10 })).items;
    for (let day = 0; day < 2; day += 1) {
      const daemon = rig.startDaemon();
      await expect.poll(async () => (await scheduled()).length, { timeout: 5_000 }).toBe(1);
      const [task] = await scheduled();
      expect(await rig.end(task?.id ?? "")).toMatchObject({
        state: "completed",
        priority: 4,
        by: { kind: "schedule", name: "nightly" },
      });
      signal(daemon.pid ?? 0, "SIGTERM");
      await expect.poll(() => isRunning(daemon.pid ?? 0), { timeout: 5_000 }).toBe(false);
      // As if it had not been remembered: the key of the time knows it.
      await api.writeFact(rig.queue.database, "schedules", { nightly: { rule: "0 2 * * * ", lastMs: twoDaysAgo } });
    }
    expect(rig.workerLog().match(/queued by the schedule nightly/g)).toHaveLength(1);
  });

  it("queues what is due although another schedule cannot be queued", async () => {
    const schedule = 'a: { cron: "0 2 * * *", snapshot: true }, b: { cron: "0 2 * * *" }';
    const rig = await workerRig(built, {
      categories: { e2e: "command: 'true'" },
      config: `background: { schedule: { ${schedule} } }`,
    });
    await api.writeFact(rig.queue.database, "settings", api.workerSettings(await rig.config()));
    const missed = { rule: "0 2 * * * ", lastMs: Date.now() - 2 * 24 * 3_600_000 };
    await api.writeFact(rig.queue.database, "schedules", { a: missed, b: missed });
    rig.startDaemon();
    await expect.poll(() => rig.workerLog(), { timeout: 5_000 }).toContain("queued by the schedule b");
    expect(rig.workerLog()).toMatch(/the schedule a could not be queued: .*git repository/);
    const remembered = api.readFact(rig.queue.database, "schedules");
    expect(remembered?.["a"]).toEqual(missed);
    expect(remembered?.["b"]?.lastMs).toBeGreaterThan(missed.lastMs);
  });

  it("tells of a change of the verdict, once for each end, and not again when results are removed", async () => {
    const rig = await workerRig(built, {
      categories: { e2e: "command: test -f good" },
      config: "background: { notify: { on: change, desktop: false, command: sh tell.sh } }",
      files: { "tell.sh": 'cat > /dev/null; echo "$APEX_TASK_STATE" >> told\n', good: "" },
    });
    const daemon = rig.startDaemon();
    const told = (): string =>
      existsSync(path.join(rig.root, "told")) ? readFileSync(path.join(rig.root, "told"), "utf8") : "";
    const run = async (expected: string): Promise<void> => {
      const { id } = await rig.end(await rig.enqueue("e2e"));
      await expect.poll(() => rig.marked(id), { timeout: 5_000 }).toEqual([]);
      expect(told()).toBe(expected);
    };
    await run("");
    rmSync(path.join(rig.root, "good"));
    await run("failed\n");
    await run("failed\n");
    rig.write("good", "");
    await run("failed\ncompleted\n");
    signal(daemon.pid ?? 0, "SIGKILL");
    rmSync(path.join(rig.root, "test_reports"), { recursive: true });
    rig.startDaemon();
    await run("failed\ncompleted\n");
  });

  it("exports and tells what an attempt could not any more", async () => {
    const rig = await workerRig(built, {
      categories: { e2e: "command: 'false'" },
      config: "background: { notify: { on: failure, desktop: false, command: sh tell.sh } }",
      files: { "tell.sh": 'cat > /dev/null; echo "$APEX_TASK_STATE" >> told\n' },
    });
    const id = await rig.enqueue("e2e");
    // Handed in, and killed at that moment.
    const [claim] = await rig.queue.claim({ worker: { id: "killed" }, leaseMs: 1_000, max: 1 });
    const counts = { total: 1, passed: 0, failed: 1, skipped: 0, flaky: 0 };
    if (claim) await rig.queue.complete(claim, { outcome: { status: "failed", reason: "red" }, durationMs: 1, counts });
    rig.startDaemon();
    await expect.poll(() => existsSync(path.join(rig.root, "told")), { timeout: 5_000 }).toBe(true);
    expect(rig.exported(id)).toMatchObject({ status: "failed", error_message: "red" });
    expect(readFileSync(path.join(rig.root, "told"), "utf8")).toBe("failed\n");
  });
});
