import {
  type Config,
  loadConfig,
  type Plan,
  parseTestSelector,
  resolvePlan,
  type Selection,
  SelectionError,
} from "@netra-apex/core";
import { frameworkNames, type ProcessGuard } from "@netra-apex/runner";
import { changedFilesFor } from "./changed-files-for.ts";
import type { CliOptions } from "../flags.ts";

/** A command line, parsed. */
export interface Invocation {
  /** Categories that were named as arguments. */
  readonly categories: readonly string[];
  readonly options: CliOptions;
  /** What came after `--`. */
  readonly additionalArgs: readonly string[];
  /** Already on its way; absent where no process will be started. */
  readonly guard?: ProcessGuard | undefined;
}

/** Loads the config that the command line points to. Throws `ConfigError`. */
export function configOf({ options }: Invocation): Promise<Config> {
  return loadConfig({
    cwd: process.cwd(),
    frameworks: frameworkNames,
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(options.env === undefined ? {} : { environment: options.env }),
  });
}

/** Resolves the plan that the command line asks for. Throws `SelectionError` or `ChangedFilesError`. */
export async function planOf(config: Config, invocation: Invocation): Promise<Plan> {
  const { changedSince } = invocation.options;
  const changed = await changedFilesFor(config, changedSince);
  return resolvePlan(config, { ...selectionOf(invocation), ...changed });
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
