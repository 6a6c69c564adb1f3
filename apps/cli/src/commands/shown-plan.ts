import { type Config, type Plan, type PlanFormat, showPlan } from "@netra-apex/core";
import { foretell } from "../history/foretell.ts";

/** A plan in a format, with what earlier runs say of how long it takes. */
export async function shownPlan(config: Config, plan: Plan, format: PlanFormat): Promise<string> {
  const { estimate, warnings } = await foretell(config, plan);
  const shown = showPlan(plan, format, estimate ? { estimate } : {});
  if (format !== "text") return shown;
  return [shown, ...warnings.map((line) => (line.startsWith(" ") ? line : `warning  ${line}`))].join("\n");
}
