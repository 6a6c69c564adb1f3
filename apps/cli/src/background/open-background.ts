import { existsSync } from "node:fs";
import { type FileQueue, openQueueAt, type QueuePlace, queuePlace } from "@netra-apex/background-e2e";
import type { Config } from "@netra-apex/core";
import { storeDirectory } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { findPast } from "../past/open-past.ts";
import type { BackgroundOptions } from "./background-options.ts";

/** A project's queue, open. */
export interface OpenBackground {
  readonly queue: FileQueue;
  readonly place: QueuePlace;
}

/** Opens the queue of a config's project, making it where there is none. Throws `StoreError`. */
export async function openBackground(config: Config): Promise<OpenBackground> {
  return open(queuePlace(storeDirectory(config)));
}

/**
 * Opens the queue for `work` and closes it again. Where nothing was ever queued, nothing is made, and the result is undefined. A config that
 * is broken now hides nothing. Throws `StoreError`.
 */
export async function withBackground<Result>(
  options: BackgroundOptions,
  work: (background: OpenBackground & { readonly environment: string; readonly directory: string }) => Promise<Result>,
): Promise<Result | undefined> {
  const { directory, environment } = await findPast(options);
  const place = queuePlace(directory);
  if (!existsSync(place.file)) return undefined;
  const background = await open(place);
  try {
    return await work({ ...background, environment, directory });
  } finally {
    await background.queue.close();
  }
}

async function open(place: QueuePlace): Promise<OpenBackground> {
  loadSqliteQuietly();
  const queue = await openQueueAt(place);
  for (const notice of queue.notices) process.stderr.write(`warning  ${notice}\n`);
  return { queue, place };
}
