import type { Config } from "@netra-apex/core";
import type { FileQueue } from "../queue/open-queue.ts";
import type { Enqueued } from "../queue/queue-backend.ts";
import type { Actor, SnapshotRef } from "../queue/task.ts";
import { workerSettings, writeFact } from "../settings.ts";
import { assertRunnable, newTask, type TaskOptions } from "./new-task.ts";

/** What is queued, and for whom. */
export interface EnqueueRequest {
  readonly categories: readonly string[];
  readonly options: TaskOptions;
  /** Tests the work tree as it is now, whatever happens to it until the tests start. */
  readonly isSnapshot?: boolean;
  /** A config that was named, absolute. */
  readonly configFile?: string;
  readonly by: Actor;
  readonly env?: NodeJS.ProcessEnv;
}

/** A task for a category, and how it came to be. */
export interface EnqueuedCategory extends Enqueued {
  readonly category: string;
}

/**
 * Queues a task for each category. When it resolves they are on the disk. Throws `SelectionError` for what an attempt would
 * refuse, and `SnapshotError`, when nothing is queued yet; and `StoreError`, when some may be: the same call again joins these.
 */
export async function enqueueCategories(
  queue: FileQueue,
  config: Config,
  { categories, options, isSnapshot = false, configFile, by, env }: EnqueueRequest,
): Promise<EnqueuedCategory[]> {
  assertRunnable(config, categories, options);
  const { projectRoot, environment } = config;
  const settings = workerSettings(config, configFile);
  await writeFact(queue.database, "settings", settings);
  const snapshot = isSnapshot ? await snapshotOf(projectRoot, settings.ownPlaces) : undefined;
  const origin = {
    projectRoot,
    environment,
    by,
    ...(configFile === undefined ? {} : { config: configFile }),
    ...(snapshot ? { snapshot } : {}),
    ...(env ? { env } : {}),
  };
  const enqueued: EnqueuedCategory[] = [];
  for (const category of categories) {
    const isExclusive = config.categories.get(category)?.exclusive ?? false;
    enqueued.push({
      category,
      ...(await queue.enqueue(newTask(category, ofCategory(options, category), { ...origin, isExclusive }))),
    });
  }
  return enqueued;
}

/** One key for several categories is a key for each. */
function ofCategory(options: TaskOptions, category: string): TaskOptions {
  const { idempotencyKey } = options;
  return idempotencyKey === undefined ? options : { ...options, idempotencyKey: `${idempotencyKey}:${category}` };
}

async function snapshotOf(projectRoot: string, own: readonly string[]): Promise<SnapshotRef> {
  const { takeSnapshot } = await import("../snapshot/take-snapshot.ts");
  const random = Math.random().toString(36).slice(2, 10);
  return takeSnapshot(projectRoot, { id: `${Date.now().toString(36)}-${random}`, own });
}
