import path from "node:path";
import {
  type Config,
  createRunId,
  exitCodes,
  type HostParticipant,
  type Plan,
  type RecoveredRun,
  runPlan,
} from "@netra-apex/core";
import type { RunKeeper } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { prepareRun } from "../history/prepare-run.ts";
import { listenForInterruption } from "./interruption.ts";
import type { Invocation } from "./invocation.ts";
import { chosenReporters, openRunReporters, sayOfReporters } from "./run-reporters.ts";
import { followShownFaults } from "./shown-faults.ts";
import { listenForStrayFaults } from "./stray-faults.ts";
import { listenForSuspension } from "./suspension.ts";
import { streamRequest } from "../stream/stream-request.ts";
import type { RunStream } from "../stream/open-stream.ts";

/** Runs a plan and shows it; what is `recovered` of a run that is resumed is not repeated. Resolves with the exit code. */
export async function executePlan(
  plan: Plan,
  config: Config,
  { options, guard, args, background }: Invocation,
  resumed?: { readonly recovered: RecoveredRun; readonly assumeUnchanged: boolean },
): Promise<number> {
  const chosen = chosenReporters(options, { config });
  const streamed = streamRequest(options);
  const runId = createRunId(new Date());
  // Before anything else, so that a wrong name is told at once.
  const shown = await openRunReporters(chosen, options, {
    runId,
    projectRoot: plan.projectRoot,
    ...(background && { background }),
  });
  const shownFaults = followShownFaults(chosen);
  loadSqliteQuietly();
  const interruption = listenForInterruption((message) => shown.notice(message));
  const suspension = listenForSuspension(guard);
  let mask = (text: string): string => text;
  const strayFaults = listenForStrayFaults((message) => shown.notice(mask(message)));
  let share: HostParticipant | undefined;
  let stream: RunStream | undefined;
  let keeper: RunKeeper | undefined;
  try {
    const { websocketThreadId: threadId } = options;
    const user = threadId === undefined ? {} : { threadId };
    if (streamed) {
      const { openStream } = await import("../stream/open-stream.ts");
      stream = await openStream(streamed, {
        runId,
        user,
        say: (message) => shown.notice(message),
        eventsAfter: (seq) => keeper?.eventsAfter(seq) ?? nothing(),
      });
    }
    const prepared = await prepareRun(config, plan, {
      guard,
      runId,
      killNow: interruption.kill,
      forceRecreate: options.forceRecreate,
    });
    keeper = prepared.keeper;
    mask = prepared.settings.mask ?? mask;
    share = prepared.share;
    for (const warning of prepared.warnings) process.stderr.write(`warning  ${warning}\n`);
    const settings = {
      ...prepared.settings,
      agents: [...(prepared.settings.agents ?? []), ...(stream?.agents ?? [])],
      reporters: [
        ...prepared.settings.reporters,
        ...shown.reporters,
        shownFaults.listener,
        ...(stream?.reporters ?? []),
      ],
      user,
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
    const isKept = stream?.isKept === true && !interruption.stop.aborted;
    // Who watches may have to be waited for a little, and there is something else to do meanwhile.
    if (!isKept) void stream?.close();
    const review = { failures: summary.reporterFailures ?? [], slow: summary.slowReporters ?? [] };
    sayOfReporters(shownFaults.unshown(review));
    const { open, warnings: found } = await keeper.settle();
    for (const line of found) process.stderr.write(line.startsWith(" ") ? `${line}\n` : `warning  ${line}\n`);
    if (options.lastFailed)
      await sayWhatIsOpen(open, keeper.ran, chosen.stdout === "data" ? process.stderr : process.stdout);
    if (summary.exitCode === exitCodes.nothingRan) sayHowToStart(plan);
    if (isKept) {
      interruption.release();
      await stream?.linger();
    }
    return summary.exitCode;
  } finally {
    await stream?.close();
    shown.release();
    share?.leave();
    suspension.release();
    interruption.release();
    strayFaults.release();
  }
}

async function* nothing(): AsyncGenerator<never> {}

async function sayWhatIsOpen(
  open: Awaited<ReturnType<RunKeeper["settle"]>>["open"],
  ran: ReadonlySet<string>,
  to: NodeJS.WritableStream,
): Promise<void> {
  const { openLines } = await import("../history/last-failed.ts");
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
