import { existsSync } from "node:fs";
import {
  DaemonSeat,
  ensureDaemon,
  type FileQueue,
  openQueueAt,
  type QueuePlace,
  queuePlace,
  readFact,
} from "@netra-apex/background-e2e";
import type { Config } from "@netra-apex/core";
import { storeDirectory } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { findPast } from "../past/open-past.ts";
import { apexVersion } from "../version.ts";
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

/**
 * Starts the worker again where tasks are open or scheduled and it is gone: killed, or with the machine. Not where a person has stopped it, or the
 * queue. Returns why nothing is started, for people; undefined when all is well.
 */
export async function keepGoing({ queue, place }: OpenBackground): Promise<string | undefined> {
  const { byState, paused } = await queue.stats();
  const tasks = byState.queued + byState["retry-wait"] + byState.starting + byState.running;
  const hasSchedule = (readFact(queue.database, "settings")?.schedule ?? []).length > 0;
  if (tasks === 0 && !hasSchedule) return undefined;
  if (new DaemonSeat(queue.database).holder() === undefined) {
    if (readFact(queue.database, "stopped")) return "the worker was stopped (apex bg worker starts it)";
    if (!paused || byState.starting + byState.running > 0) {
      await ensureDaemon(queue, place, { version: apexVersion, isAsked: false });
    }
  }
  return paused ? "the queue is paused (apex bg resume)" : undefined;
}
