import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRunDirectory, journalOf, Store } from "../src/index.ts";
import { planNodes } from "./rig/answers.ts";
import { foldRun, journalRun, keepRuns } from "./rig/keep-run.ts";
import { type RunScript, usualStartMs } from "./rig/play-run.ts";
import { temporaryStore } from "./rig/temporary-store.ts";

const hourMs = 3_600_000;
const failing = { test: "a.test.ts::adds", status: "failed" as const, message: "no" };

function runOf(hour: number, nodes: RunScript["nodes"] = [{ id: "unit" }]): RunScript {
  return { runId: `run-${String(hour).padStart(3, "0")}`, atMs: usualStartMs + hour * hourMs, nodes };
}

async function openStore() {
  const directory = temporaryStore();
  const store = await Store.open(directory);
  onTestFinished(() => store.close());
  return { directory, store };
}

/** Makes the journal of a run end as a kill does. */
function cutOff(directory: string, runId: string, after: string): void {
  const journal = journalOf(directory, runId);
  truncateSync(journal, readFileSync(journal).indexOf(after) + after.length);
  rmSync(path.join(path.dirname(journal), "owner.json"));
}

describe("a run that was taken for interrupted", () => {
  it("is what it was in the end, once it has come to it, and its tests count once", async () => {
    const { directory, store } = await openStore();
    const late = await journalRun(directory, runOf(1, [{ id: "unit", script: [{ tests: [failing] }] }, { id: "api" }]));
    const whole = readFileSync(journalOf(directory, "run-001"));
    cutOff(directory, "run-001", `"type":"node_started","nodeId":"api"`);
    expect((await store.catchUp()).recorded).toEqual(["run-001"]);
    expect(store.runs()).toMatchObject([{ isFinished: false }]);
    writeFileSync(journalOf(directory, "run-001"), whole);
    expect(await store.record(late)).toBe(true);
    expect(store.runs()).toMatchObject([{ isFinished: true, status: "failed" }]);
    expect(store.tests({ environment: "test", text: "adds" })).toMatchObject([
      { runs: 1, failures: 1, results: [{ isPass: false, run: "run-001" }] },
    ]);
    expect(store.openState("test")).toMatchObject({ unit: { state: "tests-failed" } });
    expect(await store.record(late)).toBe(false);
  });
});

describe("statistics of a category that runs in shards", () => {
  it("are those of all of them together, failures included", async () => {
    const { store } = await openStore();
    const shard = (index: number, status: "passed" | "failed") => ({
      id: `unit#${index}`,
      category: "unit",
      task: { shard: { index, total: 2 }, partOf: "unit" },
      script: [{ tests: [{ test: `a${index}.test.ts::adds`, status }] }],
    });
    const whole = { id: "unit", needs: ["unit#1", "unit#2"], parts: ["unit#1", "unit#2"] };
    await store.record(await foldRun({ ...runOf(1, [shard(1, "passed"), shard(2, "passed"), whole]), paceMs: 50 }));
    await store.record(await foldRun(runOf(2, [shard(1, "passed"), shard(2, "failed"), whole])));
    const [stats] = store.categoryStats("test");
    expect(stats).toMatchObject({ category: "unit", runs: 2, passed: 1, failed: 1, tests: 2, lastStatus: "failed" });
    // One after the other: what the category took, not what one of them did.
    expect(stats?.p50Ms).toBeGreaterThanOrEqual(100);
  });
});

describe("catching up", () => {
  it("adds runs that were killed, as interrupted ones, with what they had done", async () => {
    const { directory, store } = await openStore();
    await journalRun(directory, runOf(1, [{ id: "unit", script: [{ tests: [failing] }] }, { id: "api" }]));
    cutOff(directory, "run-001", `"type":"node_started","nodeId":"api"`);
    expect(await store.catchUp()).toEqual({ recorded: ["run-001"], problems: [] });
    expect(store.runs()).toMatchObject([{ id: "run-001", isFinished: false, status: "inconclusive" }]);
    expect(store.tests({ environment: "test", text: "adds" })).toMatchObject([{ failures: 1 }]);
    expect(store.openState("test")).toMatchObject({ api: { state: "unproved", reason: "the run was interrupted" } });
    expect(await store.catchUp()).toEqual({ recorded: [], problems: [] });
  });

  it("leaves out what is under way, what its own process adds, and what was killed before its first event", async () => {
    const { directory, store } = await openStore();
    await journalRun(directory, runOf(1));
    createRunDirectory(directory, "run-002");
    appendFileSync(journalOf(directory, "run-002"), readFileSync(journalOf(directory, "run-001")).subarray(0, 200));
    createRunDirectory(directory, "run-003");
    writeFileSync(journalOf(directory, "run-003"), "");
    rmSync(path.join(path.dirname(journalOf(directory, "run-003")), "owner.json"));
    expect(await store.catchUp(["run-001"])).toEqual({ recorded: [], problems: [] });
  });

  it("takes what stands before the damage of a journal, says so once, and is not kept from the others", async () => {
    const { directory, store } = await openStore();
    await keepRuns(store, directory, []);
    for (const hour of [1, 2, 3]) await journalRun(directory, runOf(hour));
    const damaged = journalOf(directory, "run-001");
    const lines = readFileSync(damaged, "utf8").split("\n");
    writeFileSync(damaged, [...lines.slice(0, 3), "damage", ...lines.slice(4)].join("\n"));
    const foreign = journalOf(directory, "run-002");
    writeFileSync(foreign, readFileSync(foreign, "utf8").replaceAll("run-002", "run-009"));
    const { recorded, problems } = await store.catchUp();
    expect(recorded).toEqual(["run-001", "run-003"]);
    expect(problems).toEqual([
      expect.stringContaining(`${damaged}:4: not JSON`),
      "the journal of run-002 tells of run-009",
    ]);
    expect(store.runs().map(({ id, isFinished }) => [id, isFinished])).toEqual([
      ["run-003", true],
      ["run-001", false],
    ]);
  });

  it("is not stopped by events that only look like ours", async () => {
    const { directory, store } = await openStore();
    await journalRun(directory, runOf(1, [{ id: "unit", script: [{ tests: [failing] }] }]));
    const journal = journalOf(directory, "run-001");
    writeFileSync(journal, readFileSync(journal, "utf8").replaceAll('"message":"no"', '"message":7'));
    const { problems } = await store.catchUp();
    expect(problems).toEqual([expect.stringContaining(journal)]);
    expect(store.runs()).toHaveLength(1);
  });
});

describe("what is open", () => {
  it("is not opened again by an older run that is told later", async () => {
    const { store } = await openStore();
    await store.record(await foldRun(runOf(2)));
    await store.record(await foldRun(runOf(1, [{ id: "unit", script: [{ tests: [failing] }] }])));
    expect(store.openState("test")).toEqual({});
    expect(store.openState("staging")).toBeUndefined();
    await store.record(await foldRun(runOf(3, [{ id: "unit", script: [{ tests: [failing] }] }])));
    expect(store.openState("test")).toEqual({
      unit: { state: "tests-failed", tests: [{ file: "a.test.ts", path: ["adds"] }] },
    });
  });
});

describe("statistics", () => {
  it("are of a category's whole results: no selection, no kept pass, no skip", async () => {
    const { store } = await openStore();
    await store.record(await foldRun(runOf(1, [{ id: "unit", script: [{ tests: [{ test: "a.test.ts::adds" }] }] }])));
    await store.record(await foldRun(runOf(2, [{ id: "unit", script: [{ tests: [failing] }] }])));
    const selectors = [{ file: "a.test.ts", path: [] }];
    await store.record(await foldRun(runOf(3, [{ id: "unit", task: { selectors } }])));
    await store.record(await foldRun(runOf(4, [{ id: "unit", skip: { cause: "condition", reason: "no change" } }])));
    const kept = {
      outcome: { status: "passed" as const },
      counts: { total: 9, passed: 9, failed: 0, skipped: 0, flaky: 0 },
    };
    const { record, openState } = await foldRun(runOf(5));
    const nodes = record.nodes.map((node) => ({ ...node, ...kept, isKept: true }));
    await store.record({ record: { ...record, nodes, keptCount: 1 }, openState });
    expect(store.categoryStats("test")).toMatchObject([
      { category: "unit", runs: 2, passed: 1, failed: 1, successRate: 0.5, tests: 1, lastStatus: "failed" },
    ]);
    expect(store.durations("test", planNodes("unit", "none")).get("unit")).toHaveLength(1);
    expect(store.category({ environment: "test", category: "unit" }).map(({ run }) => run)).toEqual([
      "run-005",
      "run-004",
      "run-003",
      "run-002",
      "run-001",
    ]);
    expect(store.layers({ environment: "test" }).map(({ run }) => run)).toEqual([
      "run-001",
      "run-002",
      "run-003",
      "run-004",
    ]);
  });
});

describe("rows that hold something else than was put in", () => {
  it("are damage with a name, for whoever asks", async () => {
    const { directory, store } = await openStore();
    await store.record(await foldRun(runOf(1, [{ id: "unit", script: [{ tests: [failing] }] }])));
    const database = new DatabaseSync(path.join(directory, "apex.db"));
    database.exec("update test set titles = 'no json'; update open_category set state = '{'");
    database.close();
    expect(() => store.slowest({ environment: "test" })).toThrow("it is damaged");
    expect(() => store.openState("test")).toThrow("it is damaged");
    await expect(foldRun(runOf(2)).then((run) => store.record(run))).rejects.toMatchObject({
      code: "APEX_STORE_DAMAGED",
    });
    expect(store.runs()).toHaveLength(1);
  });
});
