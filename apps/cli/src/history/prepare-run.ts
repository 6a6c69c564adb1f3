import path from "node:path";
import {
  type Config,
  createRunId,
  describeThrown,
  HostLedger,
  type HostParticipant,
  type Plan,
  type Reporter,
  type RunId,
  type RunPlanOptions,
  takesOfHost,
} from "@netra-apex/core";
import type { RunResourceOptions } from "@netra-apex/resources";
import { type LayerExecutionAgentOptions, runSettings, secretsOf } from "@netra-apex/runner";
import { identifyInputs, ownPlaces, RunKeeper } from "@netra-apex/store";
import { apexVersion } from "../version.ts";
import { hostOf } from "./host.ts";

/** A run that can start. */
export interface PreparedRun {
  readonly keeper: RunKeeper;
  /** Its reporters are those that keep it; others come after them. */
  readonly settings: RunPlanOptions & { readonly reporters: readonly Reporter[] };
  /** Its part in the ledger of this machine, which the background sees; to be left when the run is over. */
  readonly share: HostParticipant;
  /** What a person should know before it starts, a line each. */
  readonly warnings: readonly string[];
}

/** What of a run its caller has in hand. */
export interface RunControl extends Pick<LayerExecutionAgentOptions, "guard" | "killNow"> {
  /** Services that were left up are stopped and started anew. */
  readonly forceRecreate?: boolean | undefined;
  /** Of the run, where somebody had to know it before. */
  readonly runId?: RunId;
}

/**
 * What every way of running a plan needs: a place in the history, what earlier runs tell, the code's fingerprint, the config's agents.
 * Throws `RunDirectoryError`.
 */
export async function prepareRun(
  config: Config,
  plan: Plan,
  { forceRecreate, runId = createRunId(new Date()), ...control }: RunControl = {},
): Promise<PreparedRun> {
  // Git looks while we open the store.
  const inputs = identifyInputs(plan.projectRoot, ownPlaces(config));
  const keeper = await RunKeeper.open(config, plan, runId);
  const warnings = [...keeper.warnings];
  const log = await openLog(config, runId, warnings);
  const { runDirectory } = keeper;
  const { lastPasses, pastDurationsMs } = keeper.past;
  const share = joinLedger(plan, runId);
  if (share.problem !== undefined && takesOfHost(plan)) {
    warnings.push(`this run and others on this machine do not wait for each other: ${share.problem}`);
  }
  const secrets = secretsOf(config);
  const own = runSettings(config, { ...control, runDirectory, lastPasses, secrets });
  const settings = {
    ...own,
    agents: [
      ...own.agents,
      ...(await resourceAgents({ config, plan, forceRecreate, secrets, runDirectory, killNow: control.killNow })),
    ],
    pastDurationsMs,
    reporters: [...keeper.reporters, ...(log ? [log] : [])],
    runId,
    apexVersion,
    inputs,
    host: await hostOf(),
    hostLedger: share,
  };
  return { keeper, settings, warnings, share };
}

/** Most projects have no services: what looks after them is loaded where there is something to look after. */
async function resourceAgents(
  options: RunResourceOptions & { readonly plan: Plan },
): Promise<RunPlanOptions["agents"]> {
  const { config, plan } = options;
  const isAsked = plan.layers.some(({ needs }) => needs && (needs.services.length > 0 || needs.requires));
  if (!isAsked && config.services.size === 0 && !config.deployment) return [];
  const { createRunResourceAgent } = await import("@netra-apex/resources");
  return [createRunResourceAgent(options)];
}

function joinLedger({ projectRoot, runMode }: Plan, runId: string): HostParticipant {
  // The tests of another run may have started us.
  const within = process.env["APEX_RUN_ID"];
  return new HostLedger().join({
    kind: "foreground",
    name: `a run of ${path.basename(projectRoot)}`,
    projectRoot,
    runId,
    ...(within === undefined ? {} : { within }),
    // It has sent something into the background itself, to run beside it.
    isShared: runMode === "hybrid",
  });
}

async function openLog(
  { projectRoot, logs }: Config,
  runId: string,
  warnings: string[],
): Promise<Reporter | undefined> {
  if (!logs.isEnabled) return undefined;
  const { createRunLog } = await import("./run-log.ts");
  try {
    return createRunLog(projectRoot, runId, logs);
  } catch (error) {
    warnings.push(`this run has no log file: ${describeThrown(error)}`);
    return undefined;
  }
}
