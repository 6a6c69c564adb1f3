import { cpSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Store } from "../../src/store.ts";
import { answersOf } from "../rig/answers.ts";
import { drivers, watchedDriver } from "../rig/drivers.ts";
import { foldRun } from "../rig/keep-run.ts";
import { sampleRuns, sampleTests } from "../rig/sample-runs.ts";
import { temporaryDirectory, temporaryStore } from "../rig/temporary-store.ts";
import { bundled, runProgram } from "../rig/worker.ts";

const recording = fileURLToPath(new URL("fixtures/recording.ts", import.meta.url));
/** Of the calls of the database at which a process is killed, every so many; each of them with 1. */
const killEvery = Number(process.env["APEX_TEST_KILL_EVERY"] ?? 7);

describe("adding a run to the history", () => {
  it.each(drivers)("is all or nothing, whichever call of %s fails", async (_, driver) => {
    const [first, second] = await Promise.all(sampleRuns.slice(0, 2).map((script) => foldRun(script)));
    if (!first || !second) throw new Error("no runs");
    const template = path.join(temporaryDirectory(), ".apex");
    const before = await Store.open(template, { driver });
    await before.record(first);
    const without = answersOf(before);
    before.close();
    let calls = 1;
    let failed = 0;
    // The first time none of them fails, which tells how many there are.
    for (let failsAt = 0; failsAt <= calls; failsAt += 1) {
      const directory = temporaryStore();
      cpSync(template, directory, { recursive: true });
      let made = 0;
      const failing = watchedDriver((what) => {
        made += 1;
        // Rolling back is what follows a failure; SQLite does it by itself when it cannot be asked to.
        if (made === failsAt && what !== "rollback") throw new Error("the disk has gone");
      }, driver);
      const isRecorded = await Store.open(directory, { driver: failing })
        .then(
          (store) => store.record(second).finally(() => store.close()),
          () => false,
        )
        .catch(() => false);
      if (failsAt === 0) calls = made;
      if (!isRecorded) failed += 1;
      const after = await Store.open(directory, { driver });
      expect(after.check(), `call ${failsAt}`).toEqual([]);
      expect(after.runs(), `call ${failsAt}`).toHaveLength(isRecorded ? 2 : 1);
      const answers = answersOf(after);
      expect(isRecorded ? without : answers, `call ${failsAt}`).toEqual(without);
      expect(await after.record(second)).toBe(!isRecorded);
      after.close();
    }
    expect(failed).toBeGreaterThan(20);
    console.log(`${driver.name}: ${calls} calls, each failed in turn; all or nothing each time`);
  });

  it("is all or nothing, whichever call of the database its process is killed at", async () => {
    const program = await bundled(recording);
    const { output } = await runProgram(program, [temporaryStore(), "0", "2"]);
    const calls = Number(output);
    expect(calls).toBeGreaterThan(30);
    const kept = [0, 0, 0];
    const places = Array.from({ length: calls }, (_, index) => index + 1).filter(
      (at) => at % killEvery === 0 || at > calls - 3,
    );
    for (const at of places) {
      const directory = temporaryStore();
      expect((await runProgram(program, [directory, String(at), "2"])).signal).toBe("SIGKILL");
      const store = await Store.open(directory);
      expect(store.check(), `killed at ${at}`).toEqual([]);
      const { length } = store.runs();
      const tests = store.tests({ environment: "test", text: "", limit: 100 }).length;
      expect([length, tests], `killed at ${at}`).toEqual([length, length === 0 ? 0 : sampleTests]);
      kept[length] = (kept[length] ?? 0) + 1;
      store.close();
    }
    console.log(
      `killed at ${places.length} of ${calls} calls: none, one, both of the runs are there: ${kept.join(", ")}`,
    );
  }, 120_000);

  it("loses nothing where eight processes do so at once", async () => {
    const program = await bundled(recording);
    const directory = temporaryStore();
    const processes = 8;
    const each = 5;
    const ended = await Promise.all(
      Array.from({ length: processes }, (_, index) =>
        runProgram(program, [directory, "0", String(each), `p${index}-`]),
      ),
    );
    expect(ended.map(({ code, errors }) => [code, errors])).toEqual(Array.from({ length: processes }, () => [0, ""]));
    const store = await Store.open(directory);
    expect(store.runs()).toHaveLength(processes * each);
    expect(store.check()).toEqual([]);
    const [adds] = store.tests({ environment: "test", text: "adds" });
    expect(adds).toMatchObject({ runs: processes * each, passes: processes * each });
    store.close();
  }, 60_000);
});
