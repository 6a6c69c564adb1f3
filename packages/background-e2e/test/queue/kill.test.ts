import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { noTests } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { type FileQueue, openQueue } from "../../src/index.ts";
import { bundled, startProgram } from "../rig/programs.ts";
import { temporaryQueue } from "../rig/temporary-directory.ts";

/** 200 are promised for every change, 2,000 for the night: `APEX_TEST_KILLS=200`. */
const kills = Number(process.env["APEX_TEST_KILLS"] ?? 20);

const roles = ["enqueuer", "enqueuer", "worker", "worker"] as const;

describe("a queue whose users are killed at any moment", () => {
  it("loses nothing that it has acknowledged, and has no result twice", async () => {
    const program = await bundled(fileURLToPath(new URL("fixtures/chaos.ts", import.meta.url)));
    const file = temporaryQueue();
    const logs: string[] = [];
    const start = (role: (typeof roles)[number]) => {
      const name = `${role}-${logs.length}`;
      const log = path.join(path.dirname(path.dirname(file)), `${name}.log`);
      logs.push(log);
      return { role, log, child: startProgram(program, [role, file, log, name]) };
    };
    const running = roles.map((role) => start(role));
    for (let kill = 0; kill < kills; kill += 1) {
      const victim = Math.floor(Math.random() * running.length);
      const process = running[victim];
      if (!process) throw new Error("nobody to kill");
      // One that has not done anything would be no test.
      while (!existsSync(process.log)) {
        expect(process.child.exitCode, "it ended by itself").toBe(null);
        await delay(5);
      }
      await delay(20 + Math.random() * 80);
      const closed = new Promise((resolve) => process.child.once("exit", (_, signal) => resolve(signal)));
      process.child.kill("SIGKILL");
      expect(await closed).toBe("SIGKILL");
      running[victim] = start(process.role);
    }
    for (const { child } of running) child.kill("SIGKILL");
    await delay(50);
    const queue = await openQueue({ file, maxLosses: 1_000_000 });
    expect(queue.database.check()).toEqual([]);
    const told = linesOf(logs);
    const acknowledged = told.filter(([word]) => word === "enqueued").map(([, id = ""]) => id);
    const missing = await without(acknowledged, async (id) => (await queue.get(id)) !== undefined);
    expect(missing).toEqual([]);
    const stored = told.filter(([word]) => word === "stored");
    const unstored = await without(stored, async ([, id = "", fence]) => {
      const { state, attempts = [] } = (await queue.get(id)) ?? {};
      const attempt = attempts.find((one) => one.fence === Number(fence));
      return state === "completed" && attempt?.status === "ended";
    });
    expect(unstored).toEqual([]);
    expect(new Set(stored.map(([, id]) => id)).size).toBe(stored.length);
    const claimed = told.filter(([word]) => word === "claimed").map((words) => words.slice(1).join("/"));
    expect(new Set(claimed).size).toBe(claimed.length);
    await finishAll(queue);
    const results = queue.database.sql(
      "select count(*) as n from event where type = 'ended' group by task having n > 1",
    );
    expect(results.all()).toEqual([]);
    const { completed, ...others } = (await queue.stats()).byState;
    expect(Object.values(others).every((count) => count === 0)).toBe(true);
    expect(completed).toBeGreaterThanOrEqual(acknowledged.length);
    const count = (word: string): number => told.filter(([first]) => first === word).length;
    console.log(
      `${kills} kills: ${acknowledged.length} acknowledged enqueues, 0 lost; ${stored.length} acknowledged results, 0 lost, 0 twice;` +
        ` ${count("reaped")} reaped, ${count("stale")} stale results refused; integrity ok`,
    );
    await queue.close();
  }, 600_000);
});

function linesOf(logs: readonly string[]): string[][] {
  const texts = logs.filter((log) => existsSync(log)).map((log) => readFileSync(log, "utf8"));
  // The last one may be torn, which nobody has heard then.
  return texts.flatMap((text) => text.split("\n").slice(0, -1)).map((line) => line.split(" "));
}

async function without<Item>(items: readonly Item[], holds: (item: Item) => Promise<boolean>): Promise<Item[]> {
  const left: Item[] = [];
  for (const item of items) if (!(await holds(item))) left.push(item);
  return left;
}

/** Everything that is still there can be worked on to its end. */
async function finishAll(queue: FileQueue): Promise<void> {
  await delay(300);
  await queue.reap();
  for (;;) {
    const claims = await queue.claim({ worker: { id: "last" }, leaseMs: 60_000, max: 50 });
    if (claims.length === 0) return;
    for (const claim of claims) {
      const result = { outcome: { status: "passed" }, durationMs: 1, counts: noTests } as const;
      expect(await queue.complete(claim, result)).toBe("stored");
    }
  }
}
