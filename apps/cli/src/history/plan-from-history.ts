import { type Config, describeThrown, estimatePlan, type Plan, type PlanEstimate } from "@netra-apex/core";
import { Store } from "@netra-apex/store";
import { storeDirectory } from "./store-directory.ts";

/** What earlier runs say of a plan; undefined where there are none. A history that cannot be used is told on stderr. */
export async function estimateFromHistory(config: Config, plan: Plan): Promise<PlanEstimate | undefined> {
  let store: Store | undefined;
  try {
    store = await Store.openExisting(storeDirectory(config));
    const history = store?.durations(plan.environment, plan.nodes);
    return history === undefined || history.size === 0 ? undefined : estimatePlan(plan, history);
  } catch (error) {
    process.stderr.write(`warning  there is no estimate: ${describeThrown(error)}\n`);
    return undefined;
  } finally {
    store?.close();
  }
}
