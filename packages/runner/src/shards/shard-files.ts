import { type AgentContext, ApexError, type CategoryTask } from "@netra-apex/core";
import type { FileList, TestFrameworkAdapter } from "../adapters/test-framework-adapter.ts";
import { assignFiles } from "./assign-files.ts";
import { listWith } from "./list-tests.ts";

/** A shard does not know which files are its own. */
export class ShardFilesError extends ApexError {
  readonly code = "APEX_SHARD_FILES";
}

/** The files of one shard, and those of the others. */
export interface ShardFiles {
  /** Relative to the category's `cwd`; what every shard loads is part of it unless there is nothing else to run. */
  readonly own: readonly string[];
  readonly others: ReadonlySet<string>;
}

/**
 * Lists the category's files and takes those of this shard. Every shard lists for itself and comes to the same result. A
 * shard that cannot list has no other way: the others have shared out all files, so any other part of the tests would leave
 * out some and run some twice. Throws `ShardFilesError`.
 */
export async function shardFiles(
  task: CategoryTask,
  adapter: TestFrameworkAdapter,
  context: AgentContext,
  runDirectory: string,
): Promise<ShardFiles> {
  const { shard = { index: 1, total: 1 }, fileDurationsMs = {} } = task;
  const { files: lister } = adapter;
  if (!lister) throw new ShardFilesError(`${adapter.name} cannot list its test files`);
  const name = `${context.node.id} files`;
  const listed: FileList | string = await listWith({ task, lister, name, context, runDirectory });
  if (typeof listed === "string") {
    throw new ShardFilesError(`${context.node.id} shares the files of ${task.category} with other shards: ${listed}`);
  }
  const { files, everywhere = [] } = listed;
  const bins = assignFiles(files, { total: shard.total, pastMs: fileDurationsMs, selects: lister.selects });
  const own = bins[shard.index - 1] ?? [];
  const others = new Set(bins.flatMap((bin, index) => (index === shard.index - 1 ? [] : bin)));
  return { own: own.length === 0 ? [] : [...everywhere, ...own], others };
}
