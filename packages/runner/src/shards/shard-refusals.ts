import { ApexError, type CategoryTask, isApexError, layerExecutionAgentName, type Plan } from "@netra-apex/core";
import { chooseAdapter } from "../adapters/adapter-registry.ts";
import { isSharedByFiles } from "./shared-by-files.ts";
import { withArguments } from "../with-arguments.ts";

/** Categories were to be run in shards, and their frameworks cannot. */
export class ShardsUnsupportedError extends ApexError {
  readonly code = "APEX_SHARDS_UNSUPPORTED";
  /** Names of the categories. */
  readonly categories: readonly string[];

  constructor(refusals: ReadonlyMap<string, string>) {
    const lines = [...refusals].map(([category, why]) => `${category} cannot be run in shards: ${why}`);
    super(lines.join("\n"), { hint: "name the categories that can, or run these without shards" });
    this.categories = [...refusals.keys()];
  }
}

/** Throws `ShardsUnsupportedError` for a plan that asks a shard of a category that cannot be split. */
export function assertShardable({ nodes }: Plan): void {
  const refusals = new Map<string, string>();
  for (const { agent, input, skip } of nodes) {
    const task = input as CategoryTask;
    if (agent !== layerExecutionAgentName || skip || !task.shard || refusals.has(task.category)) continue;
    const why = refusalOf(task);
    if (why !== undefined) refusals.set(task.category, why);
  }
  if (refusals.size > 0) throw new ShardsUnsupportedError(refusals);
}

/** Only what the framework cannot do: whatever else is wrong with the command is told when it runs. */
function refusalOf(task: CategoryTask): string | undefined {
  const { command, framework, cwd, env, report, additionalArgs, allowNoTests, shard } = task;
  const asked = withArguments(command, additionalArgs);
  try {
    const adapter = chooseAdapter(framework, asked);
    if (isSharedByFiles(task, adapter)) {
      adapter.files?.prepare({ command: asked, reportFile: cwd, cwd, env });
      return undefined;
    }
    adapter.prepare({ command: asked, reportFile: cwd, cwd, env, report, selectors: [], allowNoTests, shard });
    return undefined;
  } catch (error) {
    if (isApexError(error) && error.code === "APEX_FRAMEWORK_CANNOT") return error.message;
    return undefined;
  }
}
