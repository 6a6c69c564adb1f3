import {
  isolateReporter,
  loadConfig,
  type Reporter,
  resolvePlan,
  runPlan,
  type RunSummary,
  type Selection,
} from "@netra-apex/core";
import { assertShardable, frameworkNames } from "@netra-apex/runner";
import { changedFilesFor } from "./commands/changed-files-for.ts";
import { prepareRun } from "./history/prepare-run.ts";

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
  const { keeper, settings, share } = await prepareRun(config, plan);
  try {
    const summary = await runPlan(plan, {
      ...settings,
      reporters: [...settings.reporters, ...(options.reporters ?? []).map(isolateReporter)],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    await keeper.settle();
    return summary;
  } finally {
    share.leave();
  }
}
