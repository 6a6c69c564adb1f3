import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../src/sql/open-database.ts";
import { driverOfVersion, drivers } from "../rig/drivers.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";

const migrations = ["create table a (b text) strict;"];

describe.each(drivers)("a writer that finds the lock taken, with %s", (_, driver) => {
  const open = async (patienceMs?: number, file = path.join(temporaryDirectory(), "apex.db")): Promise<Database> =>
    openDatabase(file, { driver, migrations, busyTimeoutMs: 50, ...(patienceMs === undefined ? {} : { patienceMs }) });

  it("waits until it is free, and holds up its process for no longer than the busy timeout", async () => {
    const holder = await open();
    const waiter = await open(undefined, holder.file);
    holder.sql("begin immediate").run();
    let longestMs = 0;
    let lastMs = performance.now();
    const ticker = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 5);
    const written = waiter.transaction(() => waiter.sql("insert into a values ('waited')").run());
    await delay(400);
    holder.sql("commit").run();
    await written;
    clearInterval(ticker);
    expect(holder.sql("select b from a").all()).toEqual([{ b: "waited" }]);
    // 50 ms of SQLite's, and what a loaded machine adds.
    expect(longestMs).toBeLessThan(300);
    holder.close();
    waiter.close();
  });

  it("gives up with a name for it when its patience is at its end, and has changed nothing", async () => {
    const holder = await open();
    const waiter = await open(150, holder.file);
    holder.sql("begin immediate").run();
    let times = 0;
    const written = waiter.transaction(() => {
      times += 1;
    });
    await expect(written).rejects.toMatchObject({
      code: "APEX_STORE_BUSY",
      hint: expect.stringContaining("try again"),
    });
    expect(times).toBe(0);
    holder.sql("rollback").run();
    await waiter.transaction(() => waiter.sql("insert into a values ('after')").run());
    expect(waiter.sql("select count(*) as n from a").get()).toEqual({ n: 1 });
    holder.close();
    waiter.close();
  });

  it("waits for those that read as well, where there is no write-ahead log", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    const old = driverOfVersion("3.45.1", driver);
    const options = { driver: old, migrations, busyTimeoutMs: 20 };
    const reader = await openDatabase(file, options);
    const writer = await openDatabase(file, options);
    reader.sql("begin").run();
    reader.sql("select * from a").all();
    let times = 0;
    const written = writer.transaction(() => {
      times += 1;
      writer.sql("insert into a values ('once')").run();
    });
    await delay(200);
    reader.sql("commit").run();
    await written;
    expect(times).toBeGreaterThan(1);
    expect(reader.sql("select b from a").all()).toEqual([{ b: "once" }]);
    reader.close();
    writer.close();
  });

  it("leaves nothing of a transaction whose work throws, and goes on", async () => {
    const database = await open();
    const failed = database.transaction(() => {
      database.sql("insert into a values ('gone')").run();
      throw new RangeError("not this way");
    });
    await expect(failed).rejects.toThrow(RangeError);
    await database.transaction(() => database.sql("insert into a values ('kept')").run());
    expect(database.sql("select b from a").all()).toEqual([{ b: "kept" }]);
    database.close();
  });
});
