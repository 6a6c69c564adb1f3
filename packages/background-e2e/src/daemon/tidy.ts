import { rmSync } from "node:fs";
import path from "node:path";
import { describeThrown } from "@netra-apex/core";
import type { QueuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";

/** Tasks that are over are kept as long, and as many; their exported results stay. */
const keepMs = 30 * 24 * 3_600_000;
const keepTasks = 1_000;

/** Removes what nobody will ask for any more: old tasks with the files of their attempts. Never throws. */
export async function tidy(queue: FileQueue, place: QueuePlace, log: (line: string) => void): Promise<void> {
  try {
    const removed = await queue.prune({ olderThanMs: keepMs, keep: keepTasks });
    for (const id of removed) rmSync(path.join(place.directory, id), { recursive: true, force: true });
    if (removed.length > 0) log(`removed ${removed.length} old tasks`);
  } catch (error) {
    log(`old tasks could not be removed: ${describeThrown(error)}`);
  }
}
