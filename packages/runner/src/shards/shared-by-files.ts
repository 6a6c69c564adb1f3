import type { CategoryTask } from "@netra-apex/core";
import type { TestFrameworkAdapter } from "../adapters/test-framework-adapter.ts";

/**
 * Whether the shards of a category share its files out by themselves: where past times are given, or where the framework
 * knows no shards. Otherwise the framework shares its tests out.
 */
export function isSharedByFiles(
  { shard, selectors, fileDurationsMs }: CategoryTask,
  { files }: TestFrameworkAdapter,
): boolean {
  if (!shard || selectors.length > 0 || !files) return false;
  return fileDurationsMs !== undefined || files.isOnlyWay === true;
}
