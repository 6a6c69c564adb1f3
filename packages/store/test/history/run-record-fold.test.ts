import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEventLog } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { OpenStateRecorder, replayJournal, RunRecordFold, Store } from "../../src/index.ts";
import { foldRun, journalRun } from "../rig/keep-run.ts";
import { sampleRuns } from "../rig/sample-runs.ts";
import { temporaryStore } from "../rig/temporary-store.ts";

const runId = "20260131-120000-fold0001";

describe("what the history has of a run", () => {
  it("is the same live and from the journal", async () => {
    const directory = temporaryStore();
    for (const script of sampleRuns) {
      const { record } = await journalRun(directory, script);
      const fold = new RunRecordFold();
      expect(replayJournal(directory, script.runId, [fold])).toEqual({ skipped: [], isTorn: false });
      expect(fold.record).toEqual(record);
    }
  });

  it("has a test that failed before it passed as flaky, with its last result", async () => {
    const { record } = await foldRun({
      runId,
      nodes: [
        {
          id: "unit",
          retry: { maxAttempts: 2, on: ["failed"], backoff: { initialMs: 0 } },
          script: [
            { tests: [{ test: "a.test.ts::shaky", status: "failed", message: "no" }, { test: "a.test.ts::sound" }] },
            { tests: [{ test: "a.test.ts::shaky" }, { test: "a.test.ts::sound" }] },
          ],
        },
      ],
    });
    expect(record.tests.map(({ titles, status, isFlaky }) => [titles[0], status, isFlaky])).toEqual([
      ["shaky", "passed", true],
      ["sound", "passed", false],
    ]);
    expect(record.nodes).toMatchObject([{ attempts: [{ status: "failed" }, { status: "passed" }], isFlaky: true }]);
  });

  it("tells tests of one name apart by their order", async () => {
    const twice = [{ test: "a.test.ts::same" }, { test: "a.test.ts::same", status: "failed" as const }];
    const { record } = await foldRun({ runId, nodes: [{ id: "unit", script: [{ tests: twice }] }] });
    expect(record.tests.map(({ occurrence, status }) => [occurrence, status])).toEqual([
      [1, "passed"],
      [2, "failed"],
    ]);
  });

  it("has a test that several shards run once, as failed where one of them failed", async () => {
    const shard = (index: number) => ({ task: { category: "e2e", shard: { index, total: 2 }, partOf: "e2e" } });
    const { record, openState } = await foldRun({
      runId,
      nodes: [
        { id: "e2e-1", ...shard(1), script: [{ tests: [{ test: "setup.ts::signs in", durationMs: 40 }] }] },
        {
          id: "e2e-2",
          ...shard(2),
          script: [{ tests: [{ test: "setup.ts::signs in", status: "failed", message: "no" }, { test: "b.ts::b" }] }],
        },
      ],
    });
    expect(record.tests.map(({ titles, status, durationMs }) => [titles[0], status, durationMs])).toEqual([
      ["signs in", "failed", 40],
      ["b", "passed", 10],
    ]);
    const store = await Store.open(temporaryStore());
    expect(await store.record({ record, openState })).toBe(true);
    expect(store.tests({ environment: "test", text: "signs in" })).toMatchObject([{ runs: 1, failures: 1 }]);
    store.close();
  });

  it.each(["v1.ndjson", "v1-with-inputs.ndjson"])("can be made of %s, a log of the first version", async (name) => {
    const log = fileURLToPath(new URL(`../../../core/test/events/fixtures/${name}`, import.meta.url));
    const fold = new RunRecordFold();
    const openState = new OpenStateRecorder();
    for (const event of parseEventLog(readFileSync(log, "utf8")).events) {
      fold.onEvent(event);
      openState.onEvent(event);
    }
    const { record } = fold;
    if (!record) throw new Error("it tells of no run");
    const store = await Store.open(temporaryStore());
    expect(await store.record({ record, openState })).toBe(true);
    expect(store.runs()).toMatchObject([{ id: record.id, environment: record.environment }]);
    store.close();
  });
});
