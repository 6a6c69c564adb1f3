import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openDatabase } from "@netra-apex/store/sql";
import { describe, expect, it } from "vitest";
import { openQueue } from "../../src/index.ts";
import { newTask } from "../../src/testing/queue-bench.ts";
import { betterSqliteDriver } from "../rig/better-sqlite-driver.ts";
import { temporaryQueue } from "../rig/temporary-directory.ts";
import { nodeDriver } from "../rig/watched-driver.ts";

const drivers = [nodeDriver, betterSqliteDriver].map((driver) => [driver.name, driver] as const);

describe.each(drivers)("a queue in a file, with %s", (_, driver) => {
  it.skipIf(process.platform === "win32")("is for its owner alone, and so are the files beside it", async () => {
    const file = temporaryQueue();
    const queue = await openQueue({ file, driver });
    await queue.enqueue(newTask({}, { env: { TOKEN: "secret" } }));
    for (const suffix of ["", "-wal", "-shm"]) {
      expect(existsSync(file + suffix), `the file${suffix}`).toBe(true);
      expect(statSync(file + suffix).mode & 0o777, `the file${suffix}`).toBe(0o600);
    }
    await queue.close();
    chmodSync(file, 0o640);
    await (await openQueue({ file, driver })).close();
    expect(statSync(file).mode & 0o777, "what its owner has decided").toBe(0o640);
  });

  it("is never taken for a history, nor a history for a queue", async () => {
    const file = temporaryQueue();
    const other = path.join(path.dirname(file), "apex.db");
    await (await openQueue({ file, driver })).close();
    (await openDatabase(other, { driver })).close();
    const before = [readFileSync(file), readFileSync(other)];
    await expect(openDatabase(file, { driver })).rejects.toMatchObject({ code: "APEX_STORE_FOREIGN" });
    await expect(openQueue({ file: other, driver })).rejects.toMatchObject({ code: "APEX_STORE_FOREIGN" });
    expect([readFileSync(file), readFileSync(other)]).toEqual(before);
  });

  it("says what to do when it is damaged, which is not to rebuild it", async () => {
    const file = temporaryQueue();
    await (await openQueue({ file, driver })).close();
    for (const bytes of ["too short", "no database".repeat(500)]) {
      writeFileSync(file, bytes);
      const opened = openQueue({ file, driver });
      await expect(opened).rejects.toMatchObject({
        code: "APEX_STORE_DAMAGED",
        hint: expect.stringMatching(/^move it away.*starts an empty queue/),
      });
      expect(readFileSync(file, "utf8")).toBe(bytes);
    }
  });

  it("says so when a row of it holds something else than was put in", async () => {
    const file = temporaryQueue();
    const queue = await openQueue({ file, driver });
    const { taskId } = await queue.enqueue(newTask());
    queue.database.sql("update task set life = 'nothing'").run();
    await expect(queue.get(taskId)).rejects.toMatchObject({
      code: "APEX_STORE_DAMAGED",
      hint: expect.stringContaining("move it away"),
    });
    await queue.close();
  });

  it("keeps each environment once, as long as a task has it", async () => {
    const file = temporaryQueue();
    let nowMs = 0;
    const queue = await openQueue({ file, driver, now: () => nowMs });
    const count = () => queue.database.sql("select count(*) as n from environment").get();
    const add = async (env: Record<string, string>) => (await queue.enqueue(newTask({}, { env }))).taskId;
    const ids = [await add({ A: "1", B: "2" }), await add({ B: "2", A: "1" }), await add({ A: "1" })];
    expect(count()).toEqual({ n: 2 });
    for (const id of ids.slice(1)) await queue.cancel(id, { by: { kind: "person" } });
    nowMs = 10;
    await queue.prune({ olderThanMs: 5 });
    expect(count()).toEqual({ n: 1 });
    const [claim] = await queue.claim({ worker: { id: "w" }, leaseMs: 1, max: 1 });
    expect(claim?.env).toEqual({ A: "1", B: "2" });
    await queue.close();
  });

  it("tells of what another process has done within a tenth of a second, or at once when nudged", async () => {
    const file = temporaryQueue();
    const writer = await openQueue({ file, driver });
    const changes = new Set<() => void>();
    const listener = (onChange: () => void) => {
      changes.add(onChange);
      return () => changes.delete(onChange);
    };
    const reader = await openQueue({ file, driver, changes: listener });
    const stop = new AbortController();
    const events = reader.events(0, stop.signal)[Symbol.asyncIterator]();
    await writer.enqueue(newTask());
    expect((await events.next()).value).toMatchObject({ type: "enqueued" });
    for (const onChange of [undefined, ...changes]) {
      const next = events.next();
      await new Promise((resolve) => setTimeout(resolve, 20));
      const startedMs = performance.now();
      await writer.enqueue(newTask());
      onChange?.();
      expect((await next).value).toMatchObject({ type: "enqueued" });
      // What a loaded machine adds is allowed for.
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    }
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await reader.close();
    expect(changes.size).toBe(0);
    await writer.close();
  });

  it("has its counts right after anything that changes tasks", async () => {
    const file = temporaryQueue();
    const queue = await openQueue({ file, driver });
    for (const category of ["a", "b", "a"]) await queue.enqueue(newTask({ category }));
    const [claim] = await queue.claim({ worker: { id: "w" }, leaseMs: 1, max: 1 });
    await queue.cancel(claim?.taskId ?? "", { by: { kind: "person" } });
    await queue.release(claim ?? { taskId: "", fence: 0 }, { reason: "no room", delayMs: 0 });
    const counted = queue.database.sql("select state, category, count(*) as tasks from task group by state, category");
    const kept = "select state, category, tasks from tally where tasks <> 0 order by state, category";
    expect(queue.database.sql(kept).all()).toEqual(counted.all());
    await queue.prune({ keep: 0 });
    expect(queue.database.sql(kept).all()).toEqual(counted.all());
    expect((await queue.stats()).queuedByCategory).toEqual({ a: 1, b: 1 });
    await queue.close();
  });
});
