import {
  type Agent,
  type Config,
  createRunId,
  describeOutcome,
  describeWithHint,
  HostLedger,
  type HostParticipant,
  isApexError,
  loadConfig,
  noTests,
  type Outcome,
  type Plan,
  type RunId,
  type RunInputs,
  startRun,
  thisHost,
} from "@netra-apex/core";
import type { RunResourceOptions } from "@netra-apex/resources";
import { assertShardable, frameworkNames, ProcessGuard, runSettings, secretsOf } from "@netra-apex/runner";
import { identifyInputs, ownPlaces, RunKeeper } from "@netra-apex/store";
import type { TaskView } from "../queue/queue-backend.ts";
import type { AttemptResult, TaskSpec } from "../queue/task.ts";
import { identifyWorkTree } from "../snapshot/identify-work-tree.ts";
import { markRun } from "./run-of-task.ts";
import { attemptConfig, attemptPlan, unknownServices } from "./attempt-config.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { AttemptProgress } from "./attempt-progress.ts";
import { ForegroundCourtesy } from "./foreground-courtesy.ts";
import type { Lease } from "./lease.ts";

/** What an attempt needs beside its task. */
export interface AttemptSurroundings {
  readonly task: TaskView;
  readonly lease: Lease;
  readonly progress: AttemptProgress;
  readonly log: AttemptLog;
  /** Of the project. */
  readonly store: string;
  /** Where the code is: the project, or its snapshot. */
  readonly projectRoot: string;
  /** A config that was named, where the code is; absolute. */
  readonly config?: string;
  readonly apexVersion?: string;
}

/**
 * Runs a task's category once, as `apex run` would, and tells what came of it. Never rejects: what cannot be run is a
 * result, too. When the lease ends, it ends what runs and comes back after that.
 */
export async function runAttempt(surroundings: AttemptSurroundings): Promise<AttemptResult> {
  const startedMs = Date.now();
  const { log, progress } = surroundings;
  try {
    return await run(surroundings, startedMs);
  } catch (error) {
    if (surroundings.lease.end) {
      const outcome = endOutcome(surroundings.lease);
      log.say(describeOutcome(outcome));
      return ended({ outcome, startedMs, progress, isFinal: false });
    }
    const reason = describeWithHint(error);
    log.say(reason);
    // The same config gives the same error again.
    const isFinal = isApexError(error);
    const outcome: Outcome = { status: "errored", reason, ...(isApexError(error) ? { code: error.code } : {}) };
    return ended({ outcome, startedMs, progress, isFinal });
  }
}

async function run(surroundings: AttemptSurroundings, startedMs: number): Promise<AttemptResult> {
  const { task, lease, progress, store, projectRoot } = surroundings;
  const { spec } = task;
  const loaded = await loadConfig({
    cwd: projectRoot,
    environment: spec.environment,
    frameworks: frameworkNames,
    ...(spec.profile === undefined ? {} : { profile: spec.profile }),
    ...(surroundings.config === undefined ? {} : { file: surroundings.config }),
  });
  const config = attemptConfig(loaded, store, spec);
  const plan = attemptPlan(config, spec);
  assertShardable(plan);

  for (const line of unknownServices(config, spec)) surroundings.log.say(line);

  const runId = createRunId(new Date());
  const identity = { kind: "background", name: task.id, projectRoot: spec.projectRoot, runId } as const;
  const share = new HostLedger().join(identity);
  const courtesy = new ForegroundCourtesy(share, { progress, log: surroundings.log });
  try {
    await courtesy.untilAlone(lease.signal);
    progress.note("starting");
    return await runThePlan(config, plan, { ...surroundings, runId, share, courtesy }, startedMs);
  } finally {
    courtesy.close();
    share.leave();
  }
}

/** What an attempt whose turn has come is run with. */
interface StartedAttempt extends AttemptSurroundings {
  readonly runId: RunId;
  readonly share: HostParticipant;
  readonly courtesy: ForegroundCourtesy;
}

async function runThePlan(
  config: Config,
  plan: Plan,
  { task, lease, progress, log, apexVersion, runId, share, courtesy }: StartedAttempt,
  startedMs: number,
): Promise<AttemptResult> {
  const { spec } = task;
  const codeOf = (): Promise<RunInputs | undefined> =>
    spec.snapshot ? Promise.resolve(inputsOf(spec.snapshot)) : presentCode(plan.projectRoot, ownPlaces(config));
  const before = codeOf();
  const keeper = await RunKeeper.open(config, plan, runId);
  for (const line of keeper.warnings) log.say(line);
  const guard = new ProcessGuard();
  const killNow = new AbortController();
  const stop = new AbortController();
  const onEnd = (): void => {
    // Whoever has the task now may start its tests at any moment.
    if (lease.end?.kind === "lost") killNow.abort();
    stop.abort(endOutcome(lease));
  };
  if (lease.signal.aborted) onEnd();
  lease.signal.addEventListener("abort", onEnd, { once: true });
  try {
    const { runDirectory } = keeper;
    markRun(runDirectory, task.id);
    const { lastPasses, pastDurationsMs } = keeper.past;
    const secrets = secretsOf(config);
    const settings = runSettings(config, { runDirectory, lastPasses, guard, killNow: killNow.signal, secrets });
    const handle = startRun(plan, {
      ...settings,
      agents: [
        ...settings.agents,
        ...(await resourceAgents({ config, plan, secrets, runDirectory, killNow: killNow.signal })),
      ],
      pastDurationsMs,
      reporters: [...keeper.reporters, progress, log, courtesy],
      signal: stop.signal,
      runId,
      ...(apexVersion === undefined ? {} : { apexVersion }),
      inputs: before,
      host: thisHost(),
      command: commandOf(spec),
      hostLedger: share,
    });
    courtesy.follow(handle);
    const summary = await handle.summary;
    const { warnings } = await keeper.settle();
    for (const line of warnings) log.say(line);
    const inputs = await before;
    const after = spec.snapshot ? inputs : await codeOf();
    const hasChangedMeanwhile =
      inputs && after && (inputs.tree ?? inputs.inputFingerprint) !== (after.tree ?? after.inputFingerprint);
    // A layer that could not start says why; its nodes only that they were skipped.
    const hasStarted = summary.nodes.skipped < summary.nodes.total;
    const ofCategory = hasStarted ? progress.outcome : undefined;
    const outcome = summary.outcome.status === "passed" ? summary.outcome : (ofCategory ?? summary.outcome);
    const { exitCode } = progress;
    return {
      outcome,
      durationMs: Date.now() - startedMs,
      counts: summary.counts,
      runId,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(inputs ? { inputs } : {}),
      ...(hasChangedMeanwhile ? { hasChangedMeanwhile } : {}),
      ...(outcome.status === "errored" && (!hasStarted || unstartable.has(outcome.code ?? ""))
        ? { isFinal: true }
        : {}),
    };
  } finally {
    lease.signal.removeEventListener("abort", onEnd);
    await guard.close();
  }
}

/** The command is not there, or is none: another attempt would find the same. */
const unstartable: ReadonlySet<string> = new Set(["APEX_COMMAND_NOT_FOUND", "APEX_COMMAND_NOT_EXECUTABLE"]);

/** What looks after services and the environment, where there is something to look after. */
async function resourceAgents(options: RunResourceOptions & { readonly plan: Plan }): Promise<Agent[]> {
  const { config, plan } = options;
  if (!config.deployment && !plan.layers.some(({ needs }) => needs)) return [];
  const { createRunResourceAgent } = await import("@netra-apex/resources");
  return [createRunResourceAgent(options)];
}

/** What the run would be called on the command line, for `apex resume` and for people. */
function commandOf({ category, environment, additionalArgs, config }: TaskSpec): string[] {
  return [
    "run",
    category,
    ...(environment === "test" ? [] : ["--env", environment]),
    ...(config === undefined ? [] : ["--config", config]),
    ...(additionalArgs.length === 0 ? [] : ["--", ...additionalArgs]),
  ];
}

function inputsOf({ tree, base, branch, isDirty }: NonNullable<TaskSpec["snapshot"]>): RunInputs {
  return {
    inputFingerprint: `tree:${tree}`,
    tree,
    ...(base === undefined ? {} : { commit: base }),
    ...(branch === undefined ? {} : { branch }),
    isDirty,
  };
}

/** The code as it is on the disk, by the hash that git would give it, too. */
async function presentCode(projectRoot: string, own: readonly string[]): Promise<RunInputs | undefined> {
  const [inputs, workTree] = await Promise.all([identifyInputs(projectRoot, own), identifyWorkTree(projectRoot, own)]);
  return inputs && workTree ? { ...inputs, tree: workTree.tree } : inputs;
}

/** How a run ends whose lease has ended. */
function endOutcome({ end }: Lease): Outcome {
  switch (end?.kind) {
    case "cancelled":
      return end.outcome;
    case "released":
      return { status: "cancelled", by: "person", reason: end.reason };
    default:
      return { status: "cancelled", by: "person", reason: "another worker has the task now" };
  }
}

function ended({
  outcome,
  startedMs,
  progress,
  isFinal,
}: {
  readonly outcome: Outcome;
  readonly startedMs: number;
  readonly progress: AttemptProgress;
  readonly isFinal: boolean;
}): AttemptResult {
  const { counts = noTests, runId, inputs } = progress.current;
  return {
    outcome,
    durationMs: Date.now() - startedMs,
    counts,
    ...(runId === undefined ? {} : { runId }),
    ...(inputs ? { inputs } : {}),
    ...(isFinal ? { isFinal } : {}),
  };
}
