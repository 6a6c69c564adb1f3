import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { rebuildStore, Store, StoreError } from "../../src/index.ts";
import { answersOf } from "../rig/answers.ts";
import { drivers } from "../rig/drivers.ts";
import { foldRun, journalRun, keepRuns } from "../rig/keep-run.ts";
import { mountProblem, readOnlyView, smallDisk } from "../rig/mounted.ts";
import { sampleRuns } from "../rig/sample-runs.ts";
import { temporaryDirectory, temporaryStore } from "../rig/temporary-store.ts";

describe.each(drivers)("a store that cannot be written to, with %s", (_, driver) => {
  it("is told of by name where its disk is read-only", async ({ skip }) => {
    const problem = mountProblem();
    skip(problem !== undefined, problem);
    const directory = temporaryStore();
    const made = await Store.open(directory, { driver });
    await keepRuns(made, directory, sampleRuns);
    made.close();
    const view = readOnlyView(directory);
    const error: unknown = await Store.open(view, { driver }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "APEX_STORE_READ_ONLY", hint: expect.stringContaining("writable") });
    if (driver.name !== "node:sqlite") return;
    const shown = await Store.openToRead(view, { driver });
    const writable = await Store.open(directory, { driver });
    if (!shown) throw new Error("nothing is shown");
    expect(answersOf(shown)).toEqual(answersOf(writable));
    expect(shown).toMatchObject({ isWritable: false, notices: [expect.stringContaining("it is shown as it was")] });
    shown.close();
    writable.close();
    await expect(rebuildStore(view, new Date(), { driver })).rejects.toMatchObject({ code: "APEX_STORE_READ_ONLY" });
  });

  it("is told of by name where it is missing and its disk is read-only", async ({ skip }) => {
    const problem = mountProblem();
    skip(problem !== undefined, problem);
    const view = readOnlyView(temporaryDirectory());
    await expect(Store.open(path.join(view, ".apex"), { driver })).rejects.toMatchObject({
      code: "APEX_STORE_READ_ONLY",
    });
  });

  it("is told of by name where a file is in its directory's place", async () => {
    const file = path.join(temporaryDirectory(), ".apex");
    writeFileSync(file, "");
    await expect(Store.open(file, { driver })).rejects.toBeInstanceOf(StoreError);
  });

  it("keeps what it has and says that the disk is full, and takes the run once there is space", async ({ skip }) => {
    const problem = mountProblem();
    skip(problem !== undefined, problem);
    const disk = smallDisk(1_500_000);
    const directory = path.join(disk, ".apex");
    mkdirSync(directory);
    const store = await Store.open(directory, { driver });
    const [first, second] = sampleRuns;
    if (!first || !second) throw new Error("no runs");
    await store.record(await journalRun(directory, first));
    const before = answersOf(store);
    const { bavail, bsize } = statfsSync(disk);
    const ballast = path.join(disk, "ballast");
    writeFileSync(ballast, Buffer.alloc((bavail - 8) * bsize));
    const tests = Array.from({ length: 2000 }, (_test, index) => ({ test: `big.test.ts::number ${index}` }));
    const big = await foldRun({ ...second, nodes: [{ id: "unit", script: [{ tests }] }] });
    await expect(store.record(big)).rejects.toMatchObject({
      code: "APEX_STORE_FULL",
      hint: expect.stringContaining("free some space"),
    });
    expect(answersOf(store)).toEqual(before);
    expect(store.check()).toEqual([]);
    writeFileSync(ballast, "");
    expect(await store.record(big)).toBe(true);
    expect(store.runs()).toHaveLength(2);
    store.close();
  });
});
