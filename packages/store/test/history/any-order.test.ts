import { rmSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { OpenStateRecorder } from "../../src/index.ts";
import type { RunRecord } from "../../src/history/run-record.ts";
import { Store } from "../../src/store.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";

const noCounts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };
const startMs = Date.UTC(2026, 0, 31);

/** How one test ended in one run. */
const result = fc.record({
  status: fc.constantFrom("passed" as const, "failed" as const, "skipped" as const),
  isFlaky: fc.boolean(),
  inputs: fc.constantFrom(undefined, "tree 1", "tree 2"),
  message: fc.constantFrom("no", "still no"),
  durationMs: fc.integer({ min: 0, max: 900 }),
});

it("a test's history is the same in whatever order its runs are told", { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  await fc.assert(
    fc.asyncProperty(
      fc.array(result, { minLength: 1, maxLength: 8 }).chain((results) =>
        fc.record({
          results: fc.constant(results),
          order: fc.shuffledSubarray(
            results.map((_, index) => index),
            { minLength: results.length },
          ),
        }),
      ),
      async ({ results, order }) => {
        const records = results.map((one, index) => recordOf(index, one));
        const inOrder = await historyOf(path.join(directory, "in-order"), records);
        const shuffled = await historyOf(
          path.join(directory, "shuffled"),
          order.flatMap((index) => records[index] ?? []),
        );
        expect(shuffled).toEqual(inOrder);
        expect(inOrder).toMatchObject(streakOf(results));
      },
    ),
    { numRuns: Number(process.env["APEX_TEST_ORDERS"] ?? 60) },
  );
});

type Result = typeof result extends fc.Arbitrary<infer Value> ? Value : never;

/** What must be known of the last pass and the failures since, worked out from all results at once. */
function streakOf(results: readonly Result[]) {
  const last = results.findLastIndex(({ status }) => status === "passed");
  const first = results.findIndex(({ status }, index) => index > last && status === "failed");
  return {
    lastPass: last === -1 ? undefined : { run: `run-${last}`, atMs: startMs + last },
    firstFailure:
      first === -1 ? undefined : { run: `run-${first}`, atMs: startMs + first, message: results[first]?.message },
  };
}

function recordOf(index: number, { status, isFlaky, inputs, message, durationMs }: Result): RunRecord {
  return {
    id: `run-${index}`,
    startedMs: startMs + index,
    durationMs: 1,
    status: "passed",
    exitCode: 0,
    isFinished: true,
    environment: "test",
    ...(inputs === undefined ? {} : { inputs: { inputFingerprint: inputs } }),
    nodeCount: 1,
    keptCount: 0,
    counts: noCounts,
    layers: [],
    nodes: [],
    tests: [
      {
        category: "unit",
        file: "a.test.ts",
        titles: ["adds"],
        occurrence: 1,
        status,
        durationMs,
        isFlaky: isFlaky && status === "passed",
        ...(status === "failed" ? { message } : {}),
        isPartial: false,
        command: "run unit",
      },
    ],
  };
}

async function historyOf(directory: string, records: readonly RunRecord[]) {
  rmSync(directory, { recursive: true, force: true });
  const store = await Store.open(directory);
  try {
    for (const record of records) await store.record({ record, openState: new OpenStateRecorder() });
    const [history] = store.tests({ environment: "test", text: "" });
    return { ...history, lastPass: history?.lastPass, firstFailure: history?.firstFailure };
  } finally {
    store.close();
  }
}
