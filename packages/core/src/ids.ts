declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]?: Name };

/** Identifies one run; sorts by start time. */
export type RunId = Branded<"RunId">;
/** Identifies one node of a plan: the category's name, or what a plugin chose. */
export type NodeId = Branded<"NodeId">;
/** The key of a layer under `layers:`. */
export type LayerId = Branded<"LayerId">;

/**
 * Makes a run id such as `20260131-142501-9f3k2a7c`: the UTC start time, its milliseconds in two digits of base 36, then six
 * random characters, so that ids sort by time and two runs of the same millisecond differ.
 */
export function createRunId(startedAt: Date, random: () => number = Math.random): RunId {
  const stamp = startedAt.toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const ms = startedAt.getUTCMilliseconds().toString(36).padStart(2, "0");
  const suffix = Array.from({ length: 6 }, () => Math.floor(random() * 36).toString(36)).join("");
  return `${stamp}-${ms}${suffix}`;
}
