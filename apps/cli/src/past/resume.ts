import { ApexError, type Config, type Plan, type RecoveredRun, recoverRun, type RunEventOf } from "@netra-apex/core";
import { stars } from "@netra-apex/core/mask";
import { type JournalEnd, journalOf, journalState, readJournal } from "@netra-apex/store";
import { executePlan } from "../commands/execute-plan.ts";
import { configOf, type Invocation, planOf } from "../commands/invocation.ts";
import { printWarnings } from "../commands/print-warnings.ts";
import { splitPlan } from "../background/split-plan.ts";
import { requireLimits } from "../commands/require-limits.ts";
import { balancedAs } from "../history/balanced-plan.ts";
import { findOwnRun } from "./find-shown-run.ts";
import { findPast } from "./open-past.ts";

/** A run cannot be gone on with. */
class ResumeError extends ApexError {
  readonly code = "APEX_RESUME_IMPOSSIBLE";
}

/** `apex resume RUN`: goes on with a run; what passed is not repeated while code, config and environment are the same. */
export async function resumeCommand(
  reference: string,
  invocation: Invocation,
  parse: (args: readonly string[]) => Promise<Omit<Invocation, "guard">>,
): Promise<number> {
  const { directory } = await findPast(invocation.options);
  const runId = findOwnRun(directory, reference);
  if (journalState(directory, runId) === "running") {
    throw new ResumeError(`${runId} still runs`, { hint: "apex status shows it; it can be resumed when it is over" });
  }
  const { recovered, start } = recover(journalOf(directory, runId));
  const again = start.command === undefined ? undefined : await parse(start.command);
  const options = {
    ...(again?.options ?? { env: recovered.plan.environment }),
    ...shownOptions(invocation.options),
  };
  const asked: Invocation = {
    categories: again?.categories ?? [],
    additionalArgs: again?.additionalArgs ?? [],
    options,
    args: start.command ?? [],
    guard: invocation.guard,
  };
  const config = await configOf(asked);
  printWarnings(config.warnings);
  const whole =
    again && !isOfItsTime(again.options)
      ? balancedAs(recovered.plan, await planAgain(config, asked))
      : unmasked(recovered.plan);
  // What that run has queued is the queue's to go on with.
  const plan = splitPlan(config, whole).foreground ?? whole;
  if (config.areLimitsStrict && asked.guard) await requireLimits(plan, asked.guard);
  const assumeUnchanged = invocation.options.assumeUnchanged ?? false;
  return executePlan(plan, config, asked, { recovered, assumeUnchanged });
}

/** Whether the same command line would choose something else today, so that the plan of that run is the one to go on with. */
function isOfItsTime({ lastFailed, changedSince }: Invocation["options"]): boolean {
  return lastFailed === true || changedSince !== undefined;
}

/** The plan that the same command line comes to now. */
async function planAgain(config: Config, asked: Invocation): Promise<Plan> {
  if (asked.args.some((argument) => argument.includes(stars))) throw secretError("the command line of that run");
  const planned = await planOf(config, asked);
  if ("plan" in planned) return planned.plan;
  throw new ResumeError(planned.nothing.join("; "), { hint: "there is nothing left to go on with" });
}

/** The plan of that run as it was written down, where that is all of it. */
function unmasked(plan: Plan): Plan {
  if (plan.nodes.some(({ input }) => JSON.stringify(input)?.includes(stars))) throw secretError("the plan of that run");
  return plan;
}

function secretError(what: string): ResumeError {
  return new ResumeError(`${what} held a secret, which was not written down`, {
    hint: "start it anew, with the secret in an environment variable of the shell",
  });
}

function recover(journal: string): { readonly recovered: RecoveredRun; readonly start: RunEventOf<"run_started"> } {
  let end: JournalEnd = { skipped: [], isTorn: false };
  let start: RunEventOf<"run_started"> | undefined;
  const events = [];
  const read = readJournal(journal);
  for (;;) {
    const next = read.next();
    if (next.done) {
      end = next.value;
      break;
    }
    if (next.value.type === "run_started") start = next.value;
    // Nothing is recovered from them, and they can be long.
    events.push(next.value.type === "output" ? { ...next.value, text: "" } : next.value);
  }
  const recovered = recoverRun(events, { skipped: end.skipped });
  if (!start) throw new ResumeError(`${journal} tells of no run`);
  return { recovered, start };
}

/** How it is shown is asked of this command line, not of the one before. */
function shownOptions(options: Invocation["options"]) {
  const { progressMode, reporter, json, verbose, config, websocketThreadId } = options;
  return {
    progressMode,
    ui: options.ui ?? false,
    websocketPort: options.websocketPort,
    websocketUrl: options.websocketUrl,
    // It stays in the thread that it was in.
    ...(websocketThreadId === undefined ? {} : { websocketThreadId }),
    ...(reporter === undefined ? {} : { reporter }),
    json: json ?? false,
    verbose: verbose ?? false,
    ...(config === undefined ? {} : { config }),
  } as Invocation["options"];
}
