import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isWalSafe, openDatabase } from "../../src/sql/open-database.ts";
import { driverOfVersion, drivers } from "../rig/drivers.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";

describe.each(drivers)("a database that %s opens", (_, driver) => {
  it("is refused untouched where a newer apex has made it", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    (await openDatabase(file, { driver, migrations: ["create table a (b text) strict;", "select 1;"] })).close();
    const before = digestOf(file);
    const error = await errorOf(() => openDatabase(file, { driver }));
    expect(error).toMatchObject({
      code: "APEX_STORE_NEWER",
      message: `${file}: it is of version 2, and this apex knows 1`,
      hint: expect.stringContaining("untouched"),
    });
    expect(digestOf(file)).toBe(before);
    expect(await errorOf(() => openDatabase(file, { driver, isReadOnly: true }))).toMatchObject({
      code: "APEX_STORE_NEWER",
    });
  });

  it("is refused untouched where it is another program's", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    const other = new DatabaseSync(file);
    other.exec("create table theirs (a); insert into theirs values (1);");
    other.close();
    const before = digestOf(file);
    expect(await errorOf(() => openDatabase(file, { driver }))).toMatchObject({
      code: "APEX_STORE_FOREIGN",
      hint: expect.stringContaining("move it away"),
    });
    expect(digestOf(file)).toBe(before);
  });

  it("is refused where it is only to be read and its schema is of an older version", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    const steps = ["create table a (b text) strict;", "create table c (d text) strict;"];
    (await openDatabase(file, { driver, migrations: steps.slice(0, 1) })).close();
    expect(await errorOf(() => openDatabase(file, { driver, migrations: steps, isReadOnly: true }))).toMatchObject({
      code: "APEX_STORE_READ_ONLY",
    });
  });

  it("stays as it was where a step to the next version fails", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    const first = "create table a (b text) strict;";
    (await openDatabase(file, { driver, migrations: [first] })).close();
    const error = await errorOf(() =>
      openDatabase(file, { driver, migrations: [first, "create table c (d text) strict; nonsense;"] }),
    );
    expect(error).toMatchObject({ code: "APEX_STORE_UNAVAILABLE" });
    const database = await openDatabase(file, { driver, migrations: [first] });
    expect(database.sql("select name from sqlite_schema").all()).toEqual([{ name: "a" }]);
    database.close();
  });

  it("has no write-ahead log, and says so, where SQLite is too old for one that is shared", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    const migrations = ["create table a (b text) strict;"];
    // Made with a log, by a newer library.
    (await openDatabase(file, { driver, migrations })).close();
    expect(modeOf(file)).toBe("wal");
    const old = await openDatabase(file, { driver: driverOfVersion("3.51.2", driver), migrations });
    expect(old.notices).toEqual([expect.stringContaining("SQLite 3.51.2 is not safe")]);
    await old.transaction(() => old.sql("insert into a values ('kept')").run());
    old.close();
    expect(modeOf(file)).toBe("delete");
    const again = await openDatabase(file, { driver, migrations });
    expect(again.notices).toEqual([]);
    expect(again.sql("select b from a").all()).toEqual([{ b: "kept" }]);
    again.close();
    expect(modeOf(file)).toBe("wal");
  });

  it("reaches the disk with every commit, whatever the library was built for", async () => {
    const file = path.join(temporaryDirectory(), "apex.db");
    for (const how of ["made", "opened"]) {
      const database = await openDatabase(file, { driver });
      expect(database.sql("pragma synchronous").get(), `when it is ${how}`).toEqual({ synchronous: 2 });
      expect(database.sql("pragma foreign_keys").get()).toEqual({ foreign_keys: 1 });
      database.close();
    }
  });
});

describe("a write-ahead log that processes share", () => {
  it.each([
    ["3.7.0", false],
    ["3.45.1", false],
    ["3.50.4", false],
    ["3.51.2", false],
    ["3.51.3", true],
    ["3.51.10", true],
    ["3.52.0", true],
    ["3.54.1", true],
    ["4.0.0", true],
    ["3.51", false],
  ])("is safe with SQLite %s: %s", (version, isSafe) => {
    expect(isWalSafe(version)).toBe(isSafe);
  });
});

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function modeOf(file: string): unknown {
  const database = new DatabaseSync(file);
  const mode = database.prepare("pragma journal_mode").get()?.["journal_mode"];
  database.close();
  return mode;
}

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => undefined,
    (error: unknown) => error,
  );
}
