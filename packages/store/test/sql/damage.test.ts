import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isApexError } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { rebuildStore, Store } from "../../src/index.ts";
import type { SqlDriver } from "../../src/sql/sql-driver.ts";
import { answersOf } from "../rig/answers.ts";
import { drivers } from "../rig/drivers.ts";
import { keepRuns } from "../rig/keep-run.ts";
import { sampleRuns } from "../rig/sample-runs.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";

type Damage = readonly [what: string, (whole: Buffer) => Buffer];

/** What came of asking a damaged store for everything. */
type Ending = "equal data" | "found by check" | `APEX_${string}`;

describe.each(drivers)("a damaged database, opened by %s", (name, driver) => {
  it("ends in a named error with a hint or in equal data, and is never made anew unasked", async () => {
    const { whole, answers } = await sampleStore(driver, path.join(temporaryDirectory(), ".apex"));
    const directory = temporaryDirectory();
    const endings = new Map<Ending, number>();
    const cases = damages(whole);
    const wrong: string[] = [];
    for (const [what, damage] of cases) {
      const ending = await endingOf(directory, damage(whole), { driver, answers });
      if (ending.startsWith("wrong")) wrong.push(`${what}: ${ending}`);
      endings.set(ending as Ending, (endings.get(ending as Ending) ?? 0) + 1);
    }
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(200);
    expect(endings.get("APEX_STORE_DAMAGED") ?? 0).toBeGreaterThan(50);
    console.log(`${name}, ${cases.length} damages: ${JSON.stringify(Object.fromEntries(endings))}`);
  }, 120_000);

  it("is put aside and made anew from the journals by a rebuild, whatever is wrong with it", async () => {
    const store = path.join(temporaryDirectory(), ".apex");
    const { whole, answers } = await sampleStore(driver, store);
    const file = path.join(store, "apex.db");
    const some = damages(whole).filter((_, index) => index % 40 === 0);
    for (const [what, damage] of some) {
      rmSync(file, { recursive: true });
      writeFileSync(file, damage(whole));
      const { recorded, problems, aside = "" } = await rebuildStore(store, new Date(), { driver });
      expect(problems, `with ${what}`).toEqual([]);
      expect(recorded, `with ${what}`).toHaveLength(sampleRuns.length);
      expect(readFileSync(aside).equals(damage(whole)), `with ${what}`).toBe(true);
      expect(await readAnswers(store, driver), `with ${what}`).toEqual(answers);
    }
    const asides = readdirSync(store).filter((entry) => /\.aside-\d{8}T\d{6}(-\d+)?$/.test(entry));
    expect(asides).toHaveLength(some.length);
  }, 60_000);

  it("is told of where a directory is in its place, and gives way to a new one on a rebuild", async () => {
    const store = path.join(temporaryDirectory(), ".apex");
    const { answers } = await sampleStore(driver, store);
    const file = path.join(store, "apex.db");
    rmSync(file);
    mkdirSync(file);
    await expect(Store.open(store, { driver })).rejects.toMatchObject({
      code: "APEX_STORE_UNAVAILABLE",
      hint: expect.stringContaining("history.directory"),
    });
    await rebuildStore(store, new Date(), { driver });
    expect(await readAnswers(store, driver)).toEqual(answers);
  });

  it("is made again, with a word about it, where nothing is left of it but its name", async () => {
    const store = path.join(temporaryDirectory(), ".apex");
    const { answers } = await sampleStore(driver, store);
    writeFileSync(path.join(store, "apex.db"), "");
    const opened = await Store.open(store, { driver });
    expect(opened.notices).toEqual([expect.stringContaining("was empty: the history is made anew")]);
    expect((await opened.catchUp()).recorded).toHaveLength(sampleRuns.length);
    expect(answersOf(opened)).toEqual(answers);
    opened.close();
  });

  it("is found out by a check also where no answer needs what is damaged", async () => {
    const { whole } = await sampleStore(driver, path.join(temporaryDirectory(), ".apex"));
    const directory = temporaryDirectory();
    let found = 0;
    for (let page = 1; page < whole.length / pageBytes; page += 1) {
      writeFileSync(path.join(directory, "apex.db"), zeroed(whole, page));
      const store = await Store.open(directory, { driver }).catch(() => undefined);
      if (!store) continue;
      let isSilent = true;
      try {
        store.runs();
      } catch {
        isSilent = false;
      }
      if (isSilent && store.check().length > 0) found += 1;
      store.close();
    }
    expect(found).toBeGreaterThan(5);
  });
});

const pageBytes = 4096;

function zeroed(whole: Buffer, page: number): Buffer {
  return Buffer.from(whole).fill(0, page * pageBytes, (page + 1) * pageBytes);
}

function damages(whole: Buffer): Damage[] {
  const pages = whole.length / pageBytes;
  const random = (seed: number, length: number): Buffer => {
    let state = seed * 2_654_435_761 + 1;
    return Buffer.from(Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16));
  };
  const each = <Value>(count: number, make: (index: number) => Value): Value[] =>
    Array.from({ length: count }, (_, index) => make(index));
  return [
    ...each(60, (index): Damage => {
      const length = Math.max(1, Math.floor((whole.length * index) / 60) - (index % 3) * 511);
      return [`cut off after ${length} bytes`, () => whole.subarray(0, length)];
    }),
    ...each(pages - 1, (index): Damage => [`page ${index + 2} zeroed`, () => zeroed(whole, index + 1)]),
    ...each(pages, (index): Damage => [
      `page ${index + 1} random`,
      () =>
        Buffer.concat([
          whole.subarray(0, index * pageBytes),
          random(index, pageBytes),
          whole.subarray((index + 1) * pageBytes),
        ]),
    ]),
    ...each(100, (index): Damage => [
      `byte ${index} of the header turned`,
      () => {
        const damaged = Buffer.from(whole);
        damaged.writeUInt8(255 - damaged.readUInt8(index), index);
        return damaged;
      },
    ]),
    ["nothing but random bytes", () => random(7, 20_000)],
    ["a text", () => Buffer.from("this is no database\n".repeat(100))],
    ["grown by a random page", () => Buffer.concat([whole, random(8, pageBytes)])],
  ];
}

async function sampleStore(driver: SqlDriver, directory: string) {
  const store = await Store.open(directory, { driver });
  await keepRuns(store, directory, sampleRuns);
  const answers = answersOf(store);
  expect(store.check()).toEqual([]);
  store.close();
  return { whole: readFileSync(path.join(directory, "apex.db")), answers };
}

async function readAnswers(directory: string, driver: SqlDriver) {
  const store = await Store.open(directory, { driver });
  try {
    return answersOf(store);
  } finally {
    store.close();
  }
}

/** Asks a store with these bytes for everything, and adds a run to it. */
async function endingOf(
  directory: string,
  bytes: Buffer,
  { driver, answers }: { readonly driver: SqlDriver; readonly answers: ReturnType<typeof answersOf> },
): Promise<string> {
  const file = path.join(directory, "apex.db");
  for (const suffix of ["-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
  writeFileSync(file, bytes);
  let store: Store | undefined;
  try {
    store = await Store.open(directory, { driver });
    const isEqual = JSON.stringify(answersOf(store)) === JSON.stringify(answers);
    const found = store.check();
    if (found.length > 0) return "found by check";
    return isEqual ? "equal data" : "wrong data, and nothing says so";
  } catch (error) {
    if (!isApexError(error) || error.hint === undefined) return `wrong error: ${String(error)}`;
    // What cannot be opened is left as it is.
    return store || readFileSync(file).equals(bytes) ? error.code : `wrong: ${error.code}, but the file has changed`;
  } finally {
    store?.close();
  }
}
