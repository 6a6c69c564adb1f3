import {
  type Config,
  loadConfig,
  type Plan,
  parseTestSelector,
  resolvePlan,
  type Selection,
  SelectionError,
} from "@netra-apex/core";
import { assertShardable, frameworkNames, type ProcessGuard } from "@netra-apex/runner";
import { storeDirectory } from "@netra-apex/store";
import { rememberProject } from "../history/known-project.ts";
import { changedFilesFor } from "./changed-files-for.ts";
import type { CliOptions } from "../flags.ts";

/** A command line, parsed. */
export interface Invocation {
  /** Categories that were named as arguments. */
  readonly categories: readonly string[];
  readonly options: CliOptions;
  /** What came after `--`. */
  readonly additionalArgs: readonly string[];
  /** All of it, as it was written. */
  readonly args: readonly string[];
  /** Already on its way; absent where no process will be started. */
  readonly guard?: ProcessGuard | undefined;
  /** What the background does meanwhile, a line each; answers at once. */
  readonly background?: () => readonly string[];
}

/** Loads the config that the command line points to. Throws `ConfigError`. */
export async function configOf({
  options,
}: {
  readonly options: Pick<CliOptions, "config" | "env" | "profile">;
}): Promise<Config> {
  const { config: file } = options;
  const config = await loadConfig({
    cwd: process.cwd(),
    frameworks: frameworkNames,
    ...(file === undefined ? {} : { file }),
    ...(options.env === undefined ? {} : { environment: options.env }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  });
  rememberProject({ directory: storeDirectory(config), config, ...(file === undefined ? {} : { file }) });
  return config;
}

/** What a command line comes to: a plan, or nothing to run and why, a line each. */
export type Planned = { readonly plan: Plan } | { readonly nothing: readonly string[] };

/**
 * Resolves the plan that the command line asks for. Throws `SelectionError`, `ChangedFilesError`, `ShardsUnsupportedError`
 * or `StoreError`.
 */
export async function planOf(config: Config, invocation: Invocation): Promise<Planned> {
  const { changedSince, lastFailed } = invocation.options;
  const changed = await changedFilesFor(config, changedSince);
  let selection: Selection = { ...selectionOf(invocation), ...changed };
  if (lastFailed) {
    const { chooseLastFailed } = await import("../history/last-failed.ts");
    const chosen = await chooseLastFailed(config, selection);
    if ("nothing" in chosen) return chosen;
    selection = { ...selection, ...chosen.selection };
  }
  const plan = resolvePlan(config, selection);
  assertShardable(plan);
  return { plan: await withBalancedShards(config, plan) };
}

async function withBalancedShards(config: Config, plan: Plan): Promise<Plan> {
  if (!plan.nodes.some(({ parts }) => parts)) return plan;
  const { balancedPlan } = await import("../history/balanced-plan.ts");
  return balancedPlan(config, plan);
}

function selectionOf({ categories, options, additionalArgs }: Invocation): Selection {
  const named = [
    ...categories,
    ...(options.category === undefined ? [] : [options.category]),
    ...(options.categories ?? []),
  ];
  return {
    ...(options.executionMode === undefined ? {} : { runMode: options.executionMode }),
    categories: namesIn("category", named),
    layers: namesIn("layer", options.layers ?? []),
    selectors: (options.testFile ?? []).map(parseTestSelector),
    additionalArgs,
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    ...(options.coverage === undefined ? {} : { coverage: options.coverage }),
    ...(options.maxParallel === undefined ? {} : { maxParallel: options.maxParallel }),
    ...(options.realServices ? { realServices: true } : {}),
    ...(options.realLlm ? { realLlm: true } : {}),
    failurePolicy: options.fastFail ? "cancel-running" : "continue",
  };
}

/** Names may be separated by commas, too. Naming nothing (`--category "$UNSET"`) must not come to mean everything. */
function namesIn(kind: string, given: readonly string[]): string[] {
  const names = [...new Set(given.flatMap((item) => item.split(",")).filter((name) => name !== ""))];
  if (given.length > 0 && names.length === 0)
    throw new SelectionError(`a ${kind} was asked for, but its name is empty`);
  return names;
}
