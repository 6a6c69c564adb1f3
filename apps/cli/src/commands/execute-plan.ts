import path from "node:path";
import { type Config, createRunId, exitCodes, type Plan, type RecoveredRun, runPlan } from "@netra-apex/core";
import { chooseProgressMode, createReporter, type ProgressMode } from "@netra-apex/progress";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { hostOf } from "../history/host.ts";
import { ownPlaces } from "../history/store-directory.ts";
import { identifyInputs } from "../history/identify-inputs.ts";
import { RunKeeper } from "../history/run-keeper.ts";
import { apexVersion } from "../version.ts";
import { listenForInterruption } from "./interruption.ts";
import type { Invocation } from "./invocation.ts";
import { rerunPrefix } from "./rerun-prefix.ts";
import { settingsOf } from "./run-settings.ts";
import { listenForSuspension } from "./suspension.ts";

/** Runs a plan and shows it; what is `recovered` of a run that is resumed is not repeated. Resolves with the exit code. */
export async function executePlan(
  plan: Plan,
  config: Config,
  { options, guard, args }: Invocation,
  resumed?: { readonly recovered: RecoveredRun; readonly assumeUnchanged: boolean },
): Promise<number> {
  const mode = chooseProgressMode({
    requested: options.progressMode,
    json: options.json,
    stderr: process.stderr,
    env: process.env,
  });
  const runId = createRunId(new Date());
  loadSqliteQuietly();
  // Git looks while we open the store.
  const inputs = identifyInputs(plan.projectRoot, ownPlaces(config));
  const keeper = await RunKeeper.open(config, plan, runId);
  for (const warning of keeper.warnings) process.stderr.write(`warning  ${warning}\n`);
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
  try {
    const { runDirectory } = keeper;
    const { lastPasses, pastDurationsMs } = keeper.past;
    const settings = {
      ...settingsOf(config, { runDirectory, killNow: interruption.kill, guard, lastPasses }),
      pastDurationsMs,
      reporters: [...keeper.reporters, reporter],
      signal: interruption.stop,
      clock: suspension.clock,
      runId,
      apexVersion,
      inputs,
      host: await hostOf(),
      command: args,
    };
    const say = (line: string): void => {
      process.stderr.write(`note  ${line}\n`);
    };
    const summary = resumed
      ? await (await import("./continue-run.ts")).continueRun(resumed.recovered, plan, settings, { ...resumed, say })
      : await runPlan(plan, settings);
    for (const { reporter: name, message } of summary.reporterFailures ?? []) {
      process.stderr.write(`warning  the ${name} reporter could not finish: ${message}\n`);
    }
    const { open, warnings } = await keeper.settle();
    for (const line of warnings) process.stderr.write(line.startsWith(" ") ? `${line}\n` : `warning  ${line}\n`);
    if (options.lastFailed) await sayWhatIsOpen(open, keeper.ran, mode);
    if (summary.exitCode === exitCodes.nothingRan) sayHowToStart(plan);
    return summary.exitCode;
  } finally {
    suspension.release();
    interruption.release();
  }
}

async function sayWhatIsOpen(
  open: Awaited<ReturnType<RunKeeper["settle"]>>["open"],
  ran: ReadonlySet<string>,
  mode: ProgressMode,
): Promise<void> {
  const { openLines } = await import("../history/last-failed.ts");
  const to = mode === "json" ? process.stderr : process.stdout;
  for (const line of openLines(open, ran)) to.write(`${line}\n`);
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
