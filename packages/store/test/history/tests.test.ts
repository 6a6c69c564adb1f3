import { describe, expect, it, onTestFinished } from "vitest";
import { Store } from "../../src/store.ts";
import { foldRun } from "../rig/keep-run.ts";
import { type RunScript, type TestSketch, usualStartMs } from "../rig/play-run.ts";
import { temporaryStore } from "../rig/temporary-store.ts";

let runs = 0;

async function openStore(): Promise<Store> {
  const store = await Store.open(temporaryStore());
  onTestFinished(() => store.close());
  return store;
}

/** Adds a run of one category, an hour after the one before. */
async function add(store: Store, tests: readonly TestSketch[], over: Partial<RunScript> & { code?: string } = {}) {
  runs += 1;
  const { code, ...rest } = over;
  const script: RunScript = {
    runId: `run-${String(runs).padStart(4, "0")}`,
    atMs: usualStartMs + runs * 3_600_000,
    nodes: [{ id: "unit", script: [{ tests }] }],
    ...(code === undefined ? {} : { inputFingerprint: code }),
    ...rest,
  };
  expect(await store.record(await foldRun(script))).toBe(true);
  return script.runId;
}

const passing: TestSketch = { test: "a.test.ts::adds" };
const failing: TestSketch = { test: "a.test.ts::adds", status: "failed", message: "no" };
const find = (store: Store, text = "adds") => store.tests({ environment: "test", text });

describe("a test is flaky", () => {
  it("where it passed and failed with the same code", async () => {
    const store = await openStore();
    await add(store, [passing], { code: "tree 1" });
    await add(store, [failing], { code: "tree 1" });
    expect(store.flaky({ environment: "test" })).toMatchObject([{ titles: ["adds"], flakyCount: 1 }]);
  });

  it("once for each failure with code that it passed with, however the outcomes alternate, and each is marked", async () => {
    const store = await openStore();
    for (const test of [passing, failing, passing, passing]) await add(store, [test], { code: "tree 1" });
    expect(store.flaky({ environment: "test" })).toMatchObject([{ flakyCount: 1 }]);
    expect(find(store)[0]?.results.map(({ isFlaky }) => isFlaky)).toEqual([false, true, false, false]);
  });

  it("not where it failed with other code, or with code that nobody knows", async () => {
    const store = await openStore();
    await add(store, [passing], { code: "tree 1" });
    await add(store, [failing], { code: "tree 2" });
    await add(store, [passing]);
    await add(store, [failing]);
    expect(store.flaky({ environment: "test" })).toEqual([]);
  });

  it("where its framework says so, whatever the code", async () => {
    const store = await openStore();
    await add(store, [{ ...passing, flaky: true }]);
    expect(store.flaky({ environment: "test" })).toMatchObject([{ flakyCount: 1 }]);
    expect(store.flaky({ environment: "test", sinceMs: usualStartMs + (runs + 1) * 3_600_000 })).toEqual([]);
  });
});

describe("what is known of a test", () => {
  it("has the percentiles of its passes, by nearest rank", async () => {
    const store = await openStore();
    for (let ms = 1; ms <= 20; ms += 1) await add(store, [{ ...passing, durationMs: ms * 10 }]);
    await add(store, [{ ...failing, durationMs: 9_000 }]);
    expect(find(store)).toMatchObject([{ p50Ms: 100, p95Ms: 190, runs: 21, passes: 20, failures: 1 }]);
    expect(store.slowest({ environment: "test" })).toMatchObject([{ titles: ["adds"] }]);
    expect([...store.fileDurations("test", "unit")]).toEqual([["a.test.ts", 100]]);
  });

  it("is kept apart by environment", async () => {
    const store = await openStore();
    await add(store, [passing]);
    await add(store, [failing], { environment: "staging" });
    expect(find(store)).toMatchObject([{ lastStatus: "passed", runs: 1 }]);
    expect(store.tests({ environment: "staging", text: "adds" })).toMatchObject([{ lastStatus: "failed", runs: 1 }]);
    expect(store.slowest({ environment: "production" })).toEqual([]);
  });

  it("does not count a skip as a result", async () => {
    const store = await openStore();
    await add(store, [passing]);
    await add(store, [{ ...passing, status: "skipped" }]);
    expect(find(store)).toMatchObject([{ runs: 1, passes: 1, failures: 0, lastStatus: "skipped" }]);
  });

  it("is found by parts of its names as they are written, whatever their letters", async () => {
    const store = await openStore();
    await add(store, [{ test: 'maße.test.ts::[Größe]::says "ÄH" \\ twice' }, passing]);
    for (const text of ['says "äh"', "größe]::SAYS", "MAßE", "\\ twice", "[Gr"]) {
      expect(find(store, text), `for ${text}`).toHaveLength(1);
    }
    const [{ id } = { id: "" }] = find(store);
    expect(find(store, id)).toHaveLength(1);
    expect(find(store, "%")).toEqual([]);
  });
});

describe("a test that moves to another file", () => {
  const moved: TestSketch = { test: "b.test.ts::adds" };

  it("keeps its id and its history, and one that comes in its place is a new one each time", async () => {
    const store = await openStore();
    await add(store, [passing]);
    const [before] = find(store);
    await add(store, [moved]);
    expect(find(store)).toMatchObject([{ id: before?.id, file: "b.test.ts", runs: 2 }]);
    await add(store, [passing, moved]);
    const third = { test: "c.test.ts::adds" };
    await add(store, [third, moved]);
    await add(store, [passing, third, moved]);
    const ids = find(store).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    expect(ids).toContain(before?.id);
  });

  it("is a copy with an id of its own where the first is still there", async () => {
    const store = await openStore();
    await add(store, [passing]);
    await add(store, [passing, moved]);
    expect(new Set(find(store).map(({ id }) => id)).size).toBe(2);
  });

  it.each<[string, readonly TestSketch[], readonly TestSketch[], Partial<RunScript>]>([
    ["two could be it", [passing], [moved, { test: "c.test.ts::adds" }], {}],
    ["it could be either of two", [passing, { test: "c.test.ts::adds" }], [moved], {}],
    [
      "only some tests were run",
      [passing],
      [moved],
      {
        nodes: [{ id: "unit", task: { selectors: [{ file: "b.test.ts", path: [] }] }, script: [{ tests: [moved] }] }],
      },
    ],
    [
      "a shard never ran",
      [passing],
      [moved],
      {
        nodes: [
          {
            id: "unit-1",
            category: "unit",
            task: { shard: { index: 1, total: 2 }, partOf: "unit" },
            script: [{ tests: [moved] }],
          },
          {
            id: "unit-2",
            category: "unit",
            task: { shard: { index: 2, total: 2 }, partOf: "unit" },
            script: [{ outcome: { status: "errored", reason: "it crashed" } }],
          },
        ],
      },
    ],
  ])("is a new one where %s", async (_, before, after, over) => {
    const store = await openStore();
    await add(store, before);
    const known = find(store).map(({ id }) => id);
    await add(store, after, over);
    expect(find(store)).toHaveLength(before.length + after.length);
    expect(find(store).filter(({ id, runs: times }) => known.includes(id) && times > 1)).toEqual([]);
  });

  it("stays where it is when an older run is told later", async () => {
    const store = await openStore();
    await add(store, [passing]);
    await add(store, [moved]);
    await add(store, [passing], { atMs: usualStartMs });
    expect(find(store)).toMatchObject([{ file: "b.test.ts", runs: 3 }]);
  });
});
