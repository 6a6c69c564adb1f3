import { type Config, type Plan, type PlanFormat, showPlan } from "@netra-apex/core";
import { splitPlan } from "../background/split-plan.ts";
import { foretell } from "../history/foretell.ts";

/** A plan in a format, with what earlier runs say of how long it takes, and what of it goes into the background queue. */
export async function shownPlan(config: Config, plan: Plan, format: PlanFormat): Promise<string> {
  const { foreground, layers: queued } = splitPlan(config, plan);
  // The command returns when its own part is over, whatever becomes of what it has queued.
  const { estimate, warnings } = await foretell(config, foreground ?? plan);
  const shown = showPlan(plan, format, { ...(estimate && foreground ? { estimate } : {}), queued });
  if (format !== "text") return shown;
  return [shown, ...warnings.map((line) => (line.startsWith(" ") ? line : `warning  ${line}`))].join("\n");
}
