import { definePlan, type PlanNode } from "@netra-apex/core";
import type { Store } from "../../src/index.ts";

/** Nodes of a plan by id, which run by themselves. */
export function planNodes(...ids: readonly string[]): readonly PlanNode[] {
  return definePlan({ nodes: ids.map((id) => ({ id, agent: "worker" })) }).nodes;
}

/** Everything that a history answers of one environment, for holding one against another. */
export function answersOf(store: Store, environment = "test") {
  return {
    runs: store.runs(),
    stats: store.categoryStats(environment),
    unit: store.category({ environment, category: "unit" }),
    durations: [...store.durations(environment, planNodes("unit", "api"))],
    layers: store.layers({ environment }),
    files: [...store.fileDurations(environment, "unit")],
    slowest: store.slowest({ environment, limit: 1000 }),
    flaky: store.flaky({ environment }),
    tests: store.tests({ environment, text: "", limit: 1000 }),
    open: store.openState(environment),
    passes: [...store.lastPasses(environment)],
  };
}
