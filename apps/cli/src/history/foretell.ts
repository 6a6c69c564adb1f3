import { type Config, describeThrown, estimatePlan, type Plan, type PlanEstimate } from "@netra-apex/core";
import { budgetWarnings, Store, storeDirectory } from "@netra-apex/store";
import { loadSqliteQuietly } from "./load-sqlite.ts";

/** What earlier runs say of a plan. */
export interface Foretold {
  /** Absent where nothing of it has passed before. */
  readonly estimate?: PlanEstimate;
  /** How its layers stand with their budgets, where that needs attention, a line each. */
  readonly warnings: readonly string[];
}

/** Asks the history about a plan. One that cannot be used is told on stderr. */
export async function foretell(config: Config, plan: Plan): Promise<Foretold> {
  let store: Store | undefined;
  try {
    loadSqliteQuietly();
    store = await Store.openToRead(storeDirectory(config));
    if (!store) return { warnings: [] };
    const history = store.durations(plan.environment, plan.nodes);
    return {
      ...(history.size === 0 ? {} : { estimate: estimatePlan(plan, history) }),
      warnings: budgetWarnings(store, config, plan),
    };
  } catch (error) {
    process.stderr.write(`warning  there is no estimate: ${describeThrown(error)}\n`);
    return { warnings: [] };
  } finally {
    store?.close();
  }
}
