import {
  createRunId,
  loadConfig,
  type Reporter,
  resolvePlan,
  runPlan,
  type RunSummary,
  type Selection,
} from "@netra-apex/core";
import { assertShardable, frameworkNames } from "@netra-apex/runner";
import { changedFilesFor } from "./commands/changed-files-for.ts";
import { settingsOf } from "./commands/run-settings.ts";
import { hostOf } from "./history/host.ts";
import { ownPlaces } from "./history/store-directory.ts";
import { identifyInputs } from "./history/identify-inputs.ts";
import { RunKeeper } from "./history/run-keeper.ts";
import { apexVersion } from "./version.ts";

/** Where and how a selection is run. */
export interface RunOptions {
  /** Directory in which the config is searched for; the current one by default. */
  readonly cwd?: string;
  /** A config file, relative to `cwd`. */
  readonly config?: string;
  /** Which `environment_overrides` apply; `test` by default. */
  readonly environment?: string;
  readonly reporters?: readonly Reporter[];
  /** Cancels the run. */
  readonly signal?: AbortSignal;
}

/**
 * Plans and runs a selection, as `apex run` does, and resolves with what came of it.
 * Throws `ConfigError`, `SelectionError`, `ShardsUnsupportedError` or `ChangedFilesError`; failing tests are in the summary.
 */
export async function run(selection: Selection = {}, options: RunOptions = {}): Promise<RunSummary> {
  const config = await loadConfig({
    cwd: options.cwd ?? process.cwd(),
    frameworks: frameworkNames,
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  const changed = selection.changedFiles === undefined ? await changedFilesFor(config) : {};
  const plan = resolvePlan(config, { ...changed, ...selection });
  assertShardable(plan);
  const runId = createRunId(new Date());
  const keeper = await RunKeeper.open(config, plan, runId);
  const { runDirectory } = keeper;
  const { lastPasses, pastDurationsMs } = keeper.past;
  const summary = await runPlan(plan, {
    ...settingsOf(config, { runDirectory, lastPasses }),
    pastDurationsMs,
    reporters: [...keeper.reporters, ...(options.reporters ?? [])],
    ...(options.signal ? { signal: options.signal } : {}),
    runId,
    apexVersion,
    inputs: identifyInputs(plan.projectRoot, ownPlaces(config)),
    host: await hostOf(),
  });
  await keeper.settle();
  return summary;
}
