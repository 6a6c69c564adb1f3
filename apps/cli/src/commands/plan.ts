import { didYouMean, exitCodes, type PlanFormat, planFormats, SelectionError } from "@netra-apex/core";
import { configOf, type Invocation, planOf } from "./invocation.ts";
import { shownPlan } from "./shown-plan.ts";
import { sayNothing } from "./say-nothing.ts";
import { printWarnings } from "./print-warnings.ts";

/** `apex plan`: shows the DAG that a run would execute. */
export async function planCommand(
  invocation: Invocation & { options: { format?: string; json?: boolean } },
): Promise<number> {
  const format = formatOf(invocation.options);
  const config = await configOf(invocation);
  printWarnings(config.warnings);
  const planned = await planOf(config, invocation);
  if ("nothing" in planned) return sayNothing(planned.nothing, format === "json");
  process.stdout.write(`${await shownPlan(config, planned.plan, format)}\n`);
  return exitCodes.passed;
}

function formatOf({ format, json }: { format?: string; json?: boolean }): PlanFormat {
  if (format === undefined) return json ? "json" : "text";
  const known = planFormats.find((candidate) => candidate === format);
  if (known) return known;
  const hint = didYouMean(format, planFormats);
  throw new SelectionError(`there is no plan format "${format}"`, hint === undefined ? {} : { hint });
}
