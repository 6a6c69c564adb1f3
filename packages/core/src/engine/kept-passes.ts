import type { StateStore } from "../agents/state-store.ts";
import type { EndedNode } from "./node-results.ts";
import type { KeptNode } from "./recover.ts";

/** A node's end that is taken over from an earlier run; what the node had shared with others is there again. */
export function keepPass(nodeId: string, kept: KeptNode, state: StateStore): EndedNode {
  const { outcome, counts, flaky, evidence, keptFrom } = kept;
  for (const { key, value, agent, attempt } of kept.state) state.write({ key, value, agent, attempt, nodeId });
  return {
    outcome,
    counts,
    flaky,
    attempts: 0,
    durationMs: 0,
    keptFrom,
    ...(evidence === undefined ? {} : { evidence }),
  };
}
