import { Dag } from "./dag.ts";
import { DagError } from "./dag-error.ts";

/** The shortest cycle among names and what they need, ending where it starts; needs that do not exist are ignored. */
export function findNamedCycle(
  entries: readonly (readonly [string, readonly string[]])[],
): readonly string[] | undefined {
  const known = new Set(entries.map(([id]) => id));
  try {
    Dag.build(entries.map(([id, needs]) => ({ id, needs: needs.filter((need) => known.has(need)) })));
    return undefined;
  } catch (error) {
    // A cycle runs along "is needed by"; people read the config along "needs".
    if (error instanceof DagError) return error.problems.cycle?.toReversed();
    throw error;
  }
}
