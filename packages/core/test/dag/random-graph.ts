import * as fc from "fast-check";
import type { DagEntry } from "../../src/dag/dag.ts";

// Names that plain objects already have must be as good as any other.
const names = ["a", "b", "c", "d", "e", "__proto__", "constructor", ""];

/** Small graphs as people might write them: with cycles, duplicate ids, needs that do not exist, and repeated needs. */
export const anyEntries: fc.Arbitrary<DagEntry[]> = fc.array(
  fc.record({
    id: fc.constantFrom(...names),
    needs: fc.array(fc.constantFrom(...names, "ghost", "phantom"), { maxLength: 3 }),
  }),
  { maxLength: 10 },
);

/** Small graphs whose only problems are cycles: every name is there once, and needs only names that are there. */
export const tangledEntries: fc.Arbitrary<DagEntry[]> = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((rows) => rows.map((row, index) => ({ id: `n${index}`, needs: row.map((need) => `n${need % rows.length}`) })));

/** Small graphs without problems, in an order that has nothing to do with what needs what. */
export const acyclicEntries: fc.Arbitrary<DagEntry[]> = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 12 })
  .map((rows) =>
    rows.map((row, rank) => ({ id: `n${rank}`, needs: rank === 0 ? [] : row.map((need) => `n${need % rank}`) })),
  )
  .chain((entries) => fc.shuffledSubarray(entries, { minLength: entries.length }));
