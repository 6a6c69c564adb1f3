import { type Config, type Plan, type PlanFormat, showPlan } from "@netra-apex/core";
import { estimateFromHistory } from "../history/plan-from-history.ts";

/** A plan in a format, with what earlier runs say of how long it takes. */
export async function shownPlan(config: Config, plan: Plan, format: PlanFormat): Promise<string> {
  const estimate = await estimateFromHistory(config, plan);
  return showPlan(plan, format, estimate ? { estimate } : {});
}
