import { type Config, exitCodes, type Plan } from "@netra-apex/core";
import { configOf, type Invocation, planOf } from "./invocation.ts";
import { executePlan } from "./execute-plan.ts";
import { listCategories } from "./list-categories.ts";
import { printWarnings } from "./print-warnings.ts";
import { requireLimits } from "./require-limits.ts";
import { refuseBackground } from "./refuse-background.ts";
import { sayNothing } from "./say-nothing.ts";

/** `apex run`: plans and runs; resolves with the exit code of the run's outcome. */
export async function runCommand(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const config = await configOf(invocation);
  printWarnings(config.warnings);
  if (options.listCategories) {
    process.stdout.write(`${listCategories(config, options.json ?? false)}\n`);
    return exitCodes.passed;
  }
  const planned = await planOf(config, invocation);
  if ("nothing" in planned) return sayNothing(planned.nothing, options.json ?? options.progressMode === "json");
  const { plan } = planned;
  if (options.dryRun) {
    const { shownPlan } = await import("./shown-plan.ts");
    process.stdout.write(`${await shownPlan(config, plan, options.json ? "json" : "text")}\n`);
    return exitCodes.passed;
  }
  return checkedRun(plan, config, invocation);
}

/** Runs what may run here. */
async function checkedRun(plan: Plan, config: Config, invocation: Invocation): Promise<number> {
  refuseBackground(config, plan);
  if (config.areLimitsStrict && invocation.guard) await requireLimits(plan, invocation.guard);
  return executePlan(plan, config, invocation);
}
