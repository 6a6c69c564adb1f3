import path from "node:path";
import {
  type Config,
  exitCodes,
  type HostParticipant,
  type Plan,
  type RecoveredRun,
  type Reporter,
  runPlan,
} from "@netra-apex/core";
import { chooseProgressMode, createReporter, type ProgressMode } from "@netra-apex/progress";
import type { RunKeeper } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { prepareRun } from "../history/prepare-run.ts";
import { listenForInterruption } from "./interruption.ts";
import type { Invocation } from "./invocation.ts";
import { rerunPrefix } from "./rerun-prefix.ts";
import { listenForSuspension } from "./suspension.ts";

/** Runs a plan and shows it; what is `recovered` of a run that is resumed is not repeated. Resolves with the exit code. */
export async function executePlan(
  plan: Plan,
  config: Config,
  { options, guard, args, background }: Invocation,
  resumed?: { readonly recovered: RecoveredRun; readonly assumeUnchanged: boolean },
): Promise<number> {
  const mode = chooseProgressMode({
    requested: options.progressMode,
    json: options.json,
    stderr: process.stderr,
    env: process.env,
  });
  loadSqliteQuietly();
  let reporter: Reporter | undefined;
  const interruption = listenForInterruption((message) => {
    if (reporter?.notice) reporter.notice(message);
    else process.stderr.write(`${message}\n`);
  });
  const suspension = listenForSuspension(guard);
  let share: HostParticipant | undefined;
  try {
    const prepared = await prepareRun(config, plan, {
      guard,
      killNow: interruption.kill,
      forceRecreate: options.forceRecreate,
    });
    const { keeper } = prepared;
    share = prepared.share;
    for (const warning of prepared.warnings) process.stderr.write(`warning  ${warning}\n`);
    reporter = await createReporter(mode, {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      verbose: options.verbose ?? false,
      rerunPrefix: rerunPrefix(process.argv[1] ?? "apex", options),
      ...(background && { background }),
    });
    const settings = {
      ...prepared.settings,
      reporters: [...prepared.settings.reporters, reporter],
      signal: interruption.stop,
      clock: suspension.clock,
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
    const { open, warnings: found } = await keeper.settle();
    for (const line of found) process.stderr.write(line.startsWith(" ") ? `${line}\n` : `warning  ${line}\n`);
    if (options.lastFailed) await sayWhatIsOpen(open, keeper.ran, mode);
    if (summary.exitCode === exitCodes.nothingRan) sayHowToStart(plan);
    return summary.exitCode;
  } finally {
    share?.leave();
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
