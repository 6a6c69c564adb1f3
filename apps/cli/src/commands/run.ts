import path from "node:path";
import { type Config, createRunId, exitCodes, type Plan, runPlan, SelectionError, showPlan } from "@netra-apex/core";
import { chooseProgressMode, createReporter, type ProgressMode } from "@netra-apex/progress";
import { lastPasses } from "../last-run/last-passes.ts";
import { LastRunRecorder } from "../last-run/last-run-recorder.ts";
import type { SavedRun } from "../last-run/save-last-run.ts";
import { apexVersion } from "../version.ts";
import { listenForInterruption } from "./interruption.ts";
import { configOf, type Invocation, planOf } from "./invocation.ts";
import { listCategories } from "./list-categories.ts";
import { printWarnings } from "./print-warnings.ts";
import { requireLimits } from "./require-limits.ts";
import { listenForSuspension } from "./suspension.ts";
import { settingsOf } from "./run-settings.ts";
import { rerunPrefix } from "./rerun-prefix.ts";
import { sayNothing } from "./say-nothing.ts";
import { createRunDirectory } from "./run-directory.ts";

/** `apex run`: plans and runs; resolves with the exit code of the run's outcome. */
export async function runCommand(invocation: Invocation): Promise<number> {
  const { options, guard } = invocation;
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
    process.stdout.write(`${showPlan(plan, options.json ? "json" : "text")}\n`);
    return exitCodes.passed;
  }
  refuseBackground(config, plan);
  if (config.areLimitsStrict && guard) await requireLimits(plan, guard);
  return execute(plan, config, invocation);
}

async function execute(plan: Plan, config: Config, { options, guard }: Invocation): Promise<number> {
  const mode = chooseProgressMode({
    requested: options.progressMode,
    json: options.json,
    stderr: process.stderr,
    env: process.env,
  });
  const runId = createRunId(new Date());
  const runDirectory = createRunDirectory(plan.projectRoot, runId);
  const interruption = listenForInterruption((message) => {
    if (reporter.notice) reporter.notice(message);
    else process.stderr.write(`${message}\n`);
  });
  const reporter = await createReporter(mode, {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    verbose: options.verbose ?? false,
    rerunPrefix: rerunPrefix(process.argv[1] ?? "apex", options),
  });
  const suspension = listenForSuspension(guard, mode === "rich");
  const lastRun = new LastRunRecorder();
  try {
    const summary = await runPlan(plan, {
      ...settingsOf(config, { runDirectory, killNow: interruption.kill, guard, lastPasses: lastPasses(plan) }),
      reporters: [reporter, lastRun],
      signal: interruption.stop,
      clock: suspension.clock,
      runId,
      apexVersion,
    });
    for (const { reporter: name, message } of summary.reporterFailures ?? []) {
      process.stderr.write(`warning  the ${name} reporter could not finish: ${message}\n`);
    }
    const { saveLastRun } = await import("../last-run/save-last-run.ts");
    const { open, warnings } = saveLastRun(lastRun, config, plan, runId);
    for (const warning of warnings) process.stderr.write(`warning  ${warning}\n`);
    if (options.lastFailed) await sayWhatIsOpen(open, lastRun, mode);
    if (summary.exitCode === exitCodes.nothingRan) sayHowToStart(plan);
    return summary.exitCode;
  } finally {
    suspension.release();
    interruption.release();
  }
}

async function sayWhatIsOpen(open: SavedRun["open"], { ran }: LastRunRecorder, mode: ProgressMode): Promise<void> {
  const { openLines } = await import("../last-run/last-failed.ts");
  const to = mode === "json" ? process.stderr : process.stdout;
  for (const line of openLines(open, ran)) to.write(`${line}\n`);
}

/** Layers of the background queue are not quietly run in the foreground instead. */
function refuseBackground(config: Config, plan: Plan): void {
  if (plan.runMode === undefined) return;
  const background = plan.layers.filter((layer) => config.layers.get(layer.id)?.isBackground).map((layer) => layer.id);
  if (background.length === 0) return;
  throw new SelectionError(
    `run mode ${plan.runMode} puts ${background.join(", ")} into the background queue, which this version does not have`,
    {
      hint: `run it in the foreground: apex --layers ${background.join(" ")}`,
    },
  );
}

function sayHowToStart(plan: Plan): void {
  if (plan.nodes.some((node) => !node.skip)) return;
  const where = path.join(plan.projectRoot, "apex.yaml");
  process.stderr.write(
    `  hint: give the categories commands, for example in ${where}:\n` +
      "    categories:\n      unit: { command: vitest run }\n" +
      "  or as package scripts named test:unit, test:api, …; apex --list-categories shows all of them\n",
  );
}
