import type { TaskId } from "@netra-apex/background-e2e";
import { type Config, exitCodes, type Plan } from "@netra-apex/core";
import { configOf, type Invocation, planOf } from "./invocation.ts";
import { executePlan } from "./execute-plan.ts";
import { listCategories } from "./list-categories.ts";
import { printWarnings } from "./print-warnings.ts";
import { requireLimits } from "./require-limits.ts";
import { chosenReporters } from "./run-reporters.ts";
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

/** Queues what belongs into the background, and runs the rest here. */
async function checkedRun(plan: Plan, config: Config, invocation: Invocation): Promise<number> {
  const { stdout: holds } = chosenReporters(invocation.options, { config });
  if (plan.runMode === undefined || ![...config.layers.values()].some(({ isBackground }) => isBackground)) {
    return runHere(plan, config, invocation);
  }
  const { splitPlan } = await import("../background/split-plan.ts");
  const { foreground, queued } = splitPlan(config, plan);
  if (queued.length === 0) return runHere(foreground ?? plan, config, invocation);
  const { queueLayers, queuedLines } = await import("../background/queue-layers.ts");
  const { jsonOf, lineOf } = await import("../background/add.ts");
  const { json, progressMode } = invocation.options;
  const isJson = json ?? progressMode === "json";
  // The stream of a run is on stdout; where there is none, the tasks are all that there is to say.
  const isStreamed = holds === "data" && foreground !== undefined;
  const to = isStreamed ? process.stderr : process.stdout;
  const ids = await queueLayers(config, queued, invocation.options, (task) => {
    to.write(isJson && !isStreamed ? `${JSON.stringify(jsonOf(task))}\n` : `background  ${lineOf(task)}\n`);
  });
  const exitCode = foreground ? await runBesideQueue(foreground, config, invocation, ids) : exitCodes.passed;
  if (foreground) for (const line of await queuedLines(config, ids)) to.write(`${line}\n`);
  if (!isJson) process.stderr.write("background  apex bg status · apex bg results\n");
  return exitCode;
}

async function runBesideQueue(
  plan: Plan,
  config: Config,
  invocation: Invocation,
  ids: readonly TaskId[],
): Promise<number> {
  const { watchQueue } = await import("../background/queue-line.ts");
  // Not to see the queue is no reason not to run.
  const watch = await watchQueue(config, ids).catch(() => undefined);
  try {
    return await runHere(plan, config, watch ? { ...invocation, background: watch.lines } : invocation);
  } finally {
    await watch?.close();
  }
}

async function runHere(plan: Plan, config: Config, invocation: Invocation): Promise<number> {
  if (config.areLimitsStrict && invocation.guard) await requireLimits(plan, invocation.guard);
  return executePlan(plan, config, invocation);
}
