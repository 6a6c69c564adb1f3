import path from "node:path";
import {
  type Config,
  createRunId,
  describeThrown,
  type Hold,
  HostLedger,
  type Plan,
  type Reporter,
  type RunPlanOptions,
} from "@netra-apex/core";
import { type LayerExecutionAgentOptions, runSettings, type Secrets, secretsOf } from "@netra-apex/runner";
import { identifyInputs, ownPlaces, RunKeeper } from "@netra-apex/store";
import { apexVersion } from "../version.ts";
import { hostOf } from "./host.ts";

/** A run that can start. */
export interface PreparedRun {
  readonly keeper: RunKeeper;
  /** Its reporters are those that keep it; others come after them. */
  readonly settings: RunPlanOptions & { readonly reporters: readonly Reporter[] };
  /** Its part in the ledger of this machine, for which the background waits; to be released when the run is over. */
  readonly hold: Hold;
  /** What a person should know before it starts, a line each. */
  readonly warnings: readonly string[];
}

/** What of a run its caller has in hand. */
export interface RunControl extends Pick<LayerExecutionAgentOptions, "guard" | "killNow"> {
  /** Services that were left up are stopped and started anew. */
  readonly forceRecreate?: boolean | undefined;
}

/**
 * What every way of running a plan needs: a place in the history, what earlier runs tell, the code's fingerprint, the config's agents.
 * Throws `RunDirectoryError`.
 */
export async function prepareRun(
  config: Config,
  plan: Plan,
  { forceRecreate, ...control }: RunControl = {},
): Promise<PreparedRun> {
  const runId = createRunId(new Date());
  // Git looks while we open the store.
  const inputs = identifyInputs(plan.projectRoot, ownPlaces(config));
  const keeper = await RunKeeper.open(config, plan, runId);
  const warnings = [...keeper.warnings];
  const log = await openLog(config, runId, warnings);
  const { runDirectory } = keeper;
  const { lastPasses, pastDurationsMs } = keeper.past;
  const secrets = secretsOf(config);
  const own = runSettings(config, { ...control, runDirectory, lastPasses, secrets });
  const settings = {
    ...own,
    agents: [...own.agents, ...(await resourceAgents(config, plan, { forceRecreate, secrets }))],
    pastDurationsMs,
    reporters: [...keeper.reporters, ...(log ? [log] : [])],
    runId,
    apexVersion,
    inputs,
    host: await hostOf(),
  };
  return { keeper, settings, warnings, hold: holdForeground(config, plan) };
}

/** Most projects have no services: what looks after them is loaded where there is something to look after. */
async function resourceAgents(
  config: Config,
  plan: Plan,
  { forceRecreate, secrets }: { readonly forceRecreate: boolean | undefined; readonly secrets: Secrets | undefined },
): Promise<RunPlanOptions["agents"]> {
  const isAsked = plan.layers.some(({ needs }) => needs && (needs.services.length > 0 || needs.requires));
  if (!isAsked && config.services.size === 0 && !config.deployment) return [];
  const { createResourceManagementAgent } = await import("@netra-apex/resources");
  return [createResourceManagementAgent({ config, forceRecreate, onSecret: (secret) => secrets?.learn(secret) })];
}

/** A layer's memory is what its config says of it; layers run one after another, as a rule. */
function holdForeground(config: Config, plan: Plan): Hold {
  const layers = plan.layers.map(({ id }) => config.layers.get(id)?.limits.maxMemoryBytes ?? 0);
  const name = `a run of ${path.basename(plan.projectRoot)}`;
  return new HostLedger().hold({ kind: "foreground", name, memoryBytes: Math.max(0, ...layers) });
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
