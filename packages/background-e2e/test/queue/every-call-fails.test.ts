import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openQueue } from "../../src/index.ts";
import { betterSqliteDriver } from "../rig/better-sqlite-driver.ts";
import { bundled, runProgram } from "../rig/programs.ts";
import { endsOfLife, liveTasks } from "../rig/task-life.ts";
import { temporaryQueue } from "../rig/temporary-directory.ts";
import { type CallWatcher, nodeDriver, watchedDriver } from "../rig/watched-driver.ts";

/** Of the calls of the database at which a process is killed, every so many; each of them with 1. */
const killEvery = Number(process.env["APEX_TEST_KILL_EVERY"] ?? 11);

/** Of the calls that fail beside the first case, every so many; each of them with 1. */
const failEvery = Number(process.env["APEX_TEST_FAIL_EVERY"] ?? 4);

const cases = [
  { name: nodeDriver.name, driver: nodeDriver, when: "before", every: 1 },
  { name: nodeDriver.name, driver: nodeDriver, when: "after", every: failEvery },
  { name: betterSqliteDriver.name, driver: betterSqliteDriver, when: "before", every: failEvery },
  { name: betterSqliteDriver.name, driver: betterSqliteDriver, when: "after", every: failEvery },
] as const;

describe("a queue of which one call of the database fails", () => {
  it.each(cases)(
    "has every task end as it should when somebody goes on: $name, $when the call",
    async ({ driver, when, every }) => {
      let calls = 1;
      let failed = 0;
      // The first time none of them fails, which tells how many there are.
      for (let failsAt = 0; failsAt <= calls; failsAt += every) {
        const file = temporaryQueue();
        let made = 0;
        const watcher: CallWatcher = {
          [when]: (sql: string) => {
            made += 1;
            // Rolling back is what follows a failure; SQLite does it by itself when it cannot be asked to.
            if (made === failsAt && sql !== "rollback") throw new Error("the disk has gone");
          },
        };
        const isInterrupted = await liveTasks({ file, driver: watchedDriver(watcher, driver) }).then(
          () => false,
          () => true,
        );
        if (failsAt === 0) calls = made;
        failed += Number(isInterrupted);
        await expectToEndWell(file, `the failure of call ${failsAt}`);
      }
      expect(calls).toBeGreaterThan(80);
      expect(failed).toBeGreaterThan((calls / every) * 0.8);
      console.log(
        `${driver.name}: ${calls} calls, one of ${every} failed in turn ${when} it was made: ${failed} interrupted, 0 wrong`,
      );
    },
    120_000,
  );

  it("has every task end as it should when its process is killed at any of them", async () => {
    const program = await bundled(fileURLToPath(new URL("fixtures/living.ts", import.meta.url)));
    const { output, errors } = await runProgram(program, [temporaryQueue(), "0"]);
    expect(errors).toBe("");
    const calls = Number(output);
    const all = Array.from({ length: calls }, (_, index) => index + 1);
    const places = all.filter((at) => at % killEvery === 0 || at > calls - 2);
    for (const at of places) {
      const file = temporaryQueue();
      expect((await runProgram(program, [file, String(at)])).signal).toBe("SIGKILL");
      await expectToEndWell(file, `a kill at call ${at}`);
    }
    console.log(`killed at ${places.length} of ${calls} calls, 0 wrong`);
  }, 240_000);
});

/** Goes on with whatever is there, and looks at what has come of it. */
async function expectToEndWell(file: string, when: string): Promise<void> {
  const tasks = await liveTasks({ file });
  for (const [key, state] of Object.entries(endsOfLife)) {
    const { attempts, ...task } = tasks[key as keyof typeof endsOfLife];
    expect(task.state, `${key}, ${when}`).toBe(state);
    const ended = attempts.filter(({ status }) => status === "ended");
    expect(ended, `${key}, ${when}`).toHaveLength({ retried: 2, plain: 1, unwanted: 0 }[key] ?? -1);
    expect(attempts.filter(({ status }) => status === "lost").length, `${key}, ${when}`).toBe(task.losses);
  }
  const queue = await openQueue({ file });
  expect(queue.database.check(), `after ${when}`).toEqual([]);
  const { items } = await queue.list({}, { order: "newest", limit: 9 });
  expect(items, `after ${when}`).toHaveLength(3);
  expect((await queue.stats()).byState, `after ${when}`).toMatchObject({
    completed: 2,
    cancelled: 1,
    queued: 0,
    lost: 0,
  });
  const results = queue.database.sql("select count(*) as n from event where type = 'ended' group by task").all();
  expect(
    results.map(({ n }) => n),
    `after ${when}`,
  ).toEqual([1, 1, 1]);
  await queue.close();
}
