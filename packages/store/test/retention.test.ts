import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRunDirectory, journalOf, runDirectoryOf, Store } from "../src/index.ts";
import { keepRuns } from "./rig/keep-run.ts";
import { type RunScript, usualStartMs } from "./rig/play-run.ts";
import { temporaryStore } from "./rig/temporary-store.ts";

const dayMs = 86_400_000;
const nowMs = usualStartMs + 100 * dayMs;
const ofAnyAge = { maxAgeMs: 1_000 * dayMs };

/** A run of so many days after the first one. */
function runOf(day: number, isFailing = false): RunScript {
  const tests = [{ test: "a.test.ts::adds", status: isFailing ? ("failed" as const) : ("passed" as const) }];
  return {
    runId: `2026-${String(day).padStart(3, "0")}`,
    atMs: usualStartMs + day * dayMs,
    nodes: [{ id: "unit", script: [{ tests }] }],
  };
}

async function storeOf(...scripts: readonly RunScript[]) {
  const directory = temporaryStore();
  const store = await Store.open(directory);
  onTestFinished(() => store.close());
  await keepRuns(store, directory, scripts);
  return { directory, store, left: () => readdirSync(path.join(directory, "runs")).sort() };
}

describe("retention", () => {
  it("removes the files of all but the newest runs, and keeps what is known of them", async () => {
    const { store, left } = await storeOf(runOf(1), runOf(2), runOf(3), runOf(4));
    expect(await store.retain({ ...ofAnyAge, keepRuns: 2 }, { isDue: true, nowMs })).toEqual(["2026-002", "2026-001"]);
    expect(left()).toEqual(["2026-003", "2026-004"]);
    expect(store.runs()).toHaveLength(4);
  });

  it("removes the files of runs that are too old", async () => {
    const { store, left } = await storeOf(runOf(1), runOf(50), runOf(99));
    await store.retain({ maxAgeMs: 60 * dayMs }, { isDue: true, nowMs });
    expect(left()).toEqual(["2026-050", "2026-099"]);
  });

  it("removes the oldest files where all are too large together, but never the newest run's", async () => {
    const { directory, store, left } = await storeOf(runOf(1), runOf(2), runOf(3));
    for (const day of [1, 2, 3])
      writeFileSync(path.join(runDirectoryOf(directory, `2026-00${day}`), "log"), Buffer.alloc(60_000));
    await store.retain({ ...ofAnyAge, maxBytes: 150_000 }, { isDue: true, nowMs });
    expect(left()).toEqual(["2026-002", "2026-003"]);
    await store.retain({ ...ofAnyAge, maxBytes: 10 }, { isDue: true, nowMs });
    expect(left()).toEqual(["2026-003"]);
  });

  it("keeps the last pass of a test that fails, and its first failure, and forgets neither", async () => {
    const { store, left } = await storeOf(
      runOf(1),
      runOf(2),
      runOf(3, true),
      ...[4, 5, 6, 7].map((day) => runOf(day, true)),
    );
    await store.retain({ keepRuns: 1, maxAgeMs: 0.5 * dayMs }, { isDue: true, nowMs });
    expect(left()).toEqual(["2026-002", "2026-003"]);
    // Their rows would be old enough to go, and they would be counted a second time.
    expect((await store.catchUp()).recorded).toEqual([]);
    expect(store.runs().map(({ id }) => id)).toEqual(["2026-003", "2026-002"]);
  });

  it("leaves runs alone that are under way, or in no history", async () => {
    const { directory, store, left } = await storeOf(runOf(1), runOf(2));
    createRunDirectory(directory, "2025-001");
    writeFileSync(journalOf(directory, "2025-001"), "");
    await store.retain({ ...ofAnyAge, keepRuns: 1 }, { isDue: true, nowMs });
    expect(left()).toEqual(["2025-001", "2026-002"]);
  });

  it("sweeps what removals and imports that were killed have left, once nobody can be at it", async () => {
    const { directory, store, left } = await storeOf(runOf(1));
    for (const name of [".import-old", ".removed-old", ".import-new"]) {
      const leftOver = path.join(directory, "runs", name);
      mkdirSync(leftOver);
      writeFileSync(path.join(leftOver, "events.ndjson"), "");
      const atSeconds = (nowMs - (name.endsWith("old") ? 2 * dayMs : 1000)) / 1000;
      utimesSync(leftOver, atSeconds, atSeconds);
    }
    await store.retain({}, { isDue: true, nowMs });
    expect(left()).toEqual([".import-new"]);
  });

  it("never gives the number of a forgotten run to another one", async () => {
    const { directory, store } = await storeOf(runOf(90), runOf(1));
    rmSync(runDirectoryOf(directory, "2026-001"), { recursive: true });
    await store.retain({ maxAgeMs: 5 * dayMs }, { isDue: true, nowMs });
    expect(store.runs().map(({ id }) => id)).toEqual(["2026-090"]);
    await keepRuns(store, directory, [runOf(95)]);
    const [test] = store.tests({ environment: "test", text: "adds" });
    expect(test?.results.map(({ run }) => run)).toEqual([undefined, "2026-090", "2026-095"]);
  });

  it("leaves a store without any run as it is", async () => {
    const directory = temporaryStore();
    const store = await Store.open(directory);
    expect(await store.retain({}, { isDue: true })).toEqual([]);
    expect(existsSync(path.join(directory, "runs"))).toBe(false);
    store.close();
  });
});
