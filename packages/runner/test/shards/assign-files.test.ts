import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignFiles } from "../../src/shards/assign-files.ts";

describe("files that are shared out to shards", () => {
  test("go by what they took: the longest alone, the rest beside each other", () => {
    const pastMs = { "slow.js": 60, "a.js": 20, "b.js": 20, "c.js": 20, "d.js": 30, "e.js": 30 };
    const shards = assignFiles(Object.keys(pastMs), { total: 3, pastMs, selects: "exactly" });
    expect(shards).toEqual([["slow.js"], ["a.js", "c.js", "d.js"], ["b.js", "e.js"]]);
  });

  test("count as average when history has never seen them, and leave no trace when they are gone", () => {
    const shards = assignFiles(["a.js", "new.js", "b.js"], {
      total: 2,
      pastMs: { "a.js": 10, "b.js": 30, "gone.js": 1_000 },
      selects: "exactly",
    });
    expect(shards).toEqual([["b.js"], ["a.js", "new.js"]]);
  });

  test("are spread evenly without any past, and where all took no time", () => {
    const files = Array.from({ length: 9 }, (_, index) => `${index}.js`);
    const counts = (pastMs: Record<string, number>): number[] =>
      assignFiles(files, { total: 3, pastMs, selects: "exactly" }).map((own) => own.length);
    expect(counts({})).toEqual([3, 3, 3]);
    expect(counts(Object.fromEntries(files.map((file) => [file, 0])))).toEqual([3, 3, 3]);
  });

  test("stay together where the framework would run one with the other", () => {
    const files = [
      "a.test.ts",
      "sub/a.test.ts",
      "a.test.tsx",
      "Sub/BA.TEST.TS",
      "b.test.ts",
      "c.test.ts/d.ts",
      "c.test.ts",
    ];
    const shards = assignFiles(files, { total: 7, pastMs: {}, selects: "part-of-path" });
    expect(shards.filter((own) => own.length > 0)).toEqual([
      ["Sub/BA.TEST.TS", "a.test.ts", "a.test.tsx", "sub/a.test.ts"],
      ["c.test.ts", "c.test.ts/d.ts"],
      ["b.test.ts"],
    ]);
  });

  const cases = fc.record({
    files: fc.array(fc.stringMatching(/^[ab]{1,3}(\/[ab]{1,3}){0,2}$/), { maxLength: 25 }),
    past: fc.dictionary(fc.stringMatching(/^[ab]{1,3}(\/[ab]{1,3}){0,2}$/), fc.nat({ max: 1_000 })),
    total: fc.integer({ min: 1, max: 6 }),
    selects: fc.constantFrom("exactly" as const, "part-of-path" as const),
    seed: fc.infiniteStream(fc.nat()),
  });

  test("are each in exactly one shard, whatever the past says, and the same in whatever order they are listed", () => {
    fc.assert(
      fc.property(cases, ({ files, past: pastMs, total, selects, seed }) => {
        const shards = assignFiles(files, { total, pastMs, selects });
        expect(shards).toHaveLength(total);
        expect(shards.flat().toSorted()).toEqual([...new Set(files)].toSorted());
        const keyed = files.map((file) => ({ file, key: seed.next().value ?? 0 }));
        const shuffled = keyed.toSorted((left, right) => left.key - right.key).map(({ file }) => file);
        expect(assignFiles(shuffled, { total, pastMs, selects })).toEqual(shards);
      }),
      { numRuns: 300 },
    );
  });

  test("never leave a file in one shard whose name is part of the path of a file of another, where that matters", () => {
    fc.assert(
      fc.property(cases, ({ files, past: pastMs, total }) => {
        const shards = assignFiles(files, { total, pastMs, selects: "part-of-path" });
        const shardOf = new Map(shards.flatMap((own, index) => own.map((file) => [file, index])));
        for (const [file, shard] of shardOf) {
          const name = file.slice(file.lastIndexOf("/") + 1);
          const alsoRun = [...shardOf].filter(([other]) => other.includes(name));
          expect(alsoRun.map(([, of]) => of)).toEqual(alsoRun.map(() => shard));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("make no shard longer than an even share and one file more", () => {
    const times = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 5 }), (durations, total) => {
        const pastMs = Object.fromEntries(durations.map((ms, index) => [`${index}.js`, ms]));
        const shards = assignFiles(Object.keys(pastMs), { total, pastMs, selects: "exactly" });
        const longest = Math.max(...shards.map((own) => own.reduce((sum, file) => sum + (pastMs[file] ?? 0), 0)));
        const even = durations.reduce((sum, ms) => sum + ms, 0) / total;
        expect(longest).toBeLessThanOrEqual(even + (1 - 1 / total) * Math.max(...durations) + 1e-9);
      }),
    );
  });
});
