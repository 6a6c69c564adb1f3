import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openQueue } from "../../src/index.ts";
import { bundled, runProgram } from "../rig/programs.ts";
import { temporaryQueue } from "../rig/temporary-directory.ts";

const processes = 8;
/** 30 s are promised: `APEX_TEST_CROWD_MS=30000`. */
const forMs = Number(process.env["APEX_TEST_CROWD_MS"] ?? 3_000);

interface Done {
  readonly enqueued: number;
  readonly claimed: number;
  readonly completed: number;
  readonly read: number;
  readonly worstMs: number;
  readonly errors: readonly string[];
}

it(`${processes} processes queue, work and look at the same time, and none of them hears that the queue is busy`, async () => {
  const program = await bundled(fileURLToPath(new URL("fixtures/crowd.ts", import.meta.url)));
  const file = temporaryQueue();
  const ended = await Promise.all(
    Array.from({ length: processes }, (_, index) => runProgram(program, [file, String(forMs), `p${index}`])),
  );
  expect(ended.map(({ code, errors }) => [code, errors])).toEqual(Array.from({ length: processes }, () => [0, ""]));
  const done = ended.map(({ output }) => JSON.parse(output) as Done);
  expect(done.flatMap(({ errors }) => errors)).toEqual([]);
  const sum = (key: "enqueued" | "claimed" | "completed" | "read"): number =>
    done.reduce((total, one) => total + one[key], 0);
  const queue = await openQueue({ file });
  const { byState } = await queue.stats();
  expect(byState).toMatchObject({ completed: sum("completed"), queued: sum("enqueued") - sum("claimed"), lost: 0 });
  expect(sum("claimed")).toBe(sum("completed"));
  expect(sum("read")).toBeGreaterThan(processes);
  expect(queue.database.check()).toEqual([]);
  await queue.close();
  const worst = Math.max(...done.map(({ worstMs }) => worstMs)).toFixed(0);
  console.log(
    `${processes} processes, ${forMs} ms: ${sum("enqueued")} queued, ${sum("completed")} completed, ${sum("read")} looks, 0 busy; worst wait ${worst} ms`,
  );
}, 120_000);
