import { describe, expect, it } from "vitest";
import type { MakeQueue } from "../../src/testing/index.ts";
import { betterSqliteDriver } from "../rig/better-sqlite-driver.ts";
import { inFile, inMemory } from "../rig/make-queue.ts";
import { simulate } from "../simulation/simulate.ts";

/** How many lives a queue in memory has to live; a million are promised for the night: `APEX_TEST_SEEDS=1000000`. */
const seeds = Number(process.env["APEX_TEST_SEEDS"] ?? 10_000);
/** One to be told again, by its number. */
const onlySeed = process.env["APEX_TEST_SEED"];
/** A file takes longer, so it lives a hundredth of them. */
const seedsOnFile = Math.max(1, Math.floor(seeds / 100));

const backends: readonly (readonly [string, MakeQueue, number])[] = [
  ["in memory", inMemory, seeds],
  ["on node:sqlite", inFile(undefined, { isDurable: false }), seedsOnFile],
  ["on better-sqlite3", inFile(betterSqliteDriver, { isDurable: false }), seedsOnFile],
];

describe("a queue whose workers crash and sleep while people cancel and clocks leap", () => {
  it.each(backends)(
    "loses nothing, repeats no result and starves nobody, %s",
    async (name, make, count) => {
      const chosen =
        onlySeed === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(onlySeed)];
      const startedMs = performance.now();
      let steps = 0;
      for (const seed of chosen) steps += (await simulate(seed, make)).steps;
      expect(steps).toBeGreaterThan(chosen.length * 50);
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      console.log(`${name}: ${chosen.length} seeds, ${steps} steps, 0 contradictions in ${seconds} s`);
    },
    3_600_000,
  );
});
