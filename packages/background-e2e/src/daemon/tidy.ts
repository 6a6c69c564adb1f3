import { rmSync } from "node:fs";
import path from "node:path";
import { describeThrown } from "@netra-apex/core";
import { type QueuePlace, snapshotDirectory } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import { readFact } from "../settings.ts";
import { listSnapshots, removeAbandonedSnapshots } from "../snapshot/remove-snapshot.ts";

/** Tasks that are over are kept as long, and as many; their exported results stay. */
const keepMs = 30 * 24 * 3_600_000;
const keepTasks = 1_000;
/** A snapshot is taken before its task is queued. */
const youngMs = 10 * 60_000;

/** Removes what nobody will ask for any more: old tasks with the files of their attempts, and snapshots without a task. Never throws. */
export async function tidy(queue: FileQueue, place: QueuePlace, log: (line: string) => void): Promise<void> {
  try {
    const removed = await queue.prune({ olderThanMs: keepMs, keep: keepTasks });
    for (const id of removed) rmSync(path.join(place.directory, id), { recursive: true, force: true });
    if (removed.length > 0) log(`removed ${removed.length} old tasks`);
  } catch (error) {
    log(`old tasks could not be removed: ${describeThrown(error)}`);
  }
  const { projectRoot } = readFact(queue.database, "settings") ?? {};
  if (projectRoot === undefined) return;
  try {
    const snapshots = await listSnapshots(projectRoot);
    const young = snapshots.filter(({ createdMs }) => Date.now() - createdMs < youngMs).map(({ id }) => id);
    const keep = new Set([...young, ...(await wanted(queue))]);
    const directory = snapshotDirectory(place);
    const removed = await removeAbandonedSnapshots(projectRoot, { directory, keep });
    if (removed.length > 0) log(`removed ${removed.length} snapshots`);
  } catch {
    // There is no git, or no repository: nobody can have taken any.
  }
}

/** Ids of snapshots that tasks name, which may be sent back to the queue, and the names of the check-outs in use. */
async function wanted(queue: FileQueue): Promise<string[]> {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await queue.list({}, { order: "newest", limit: 500, ...(after === undefined ? {} : { after }) });
    for (const { id, spec, lease } of page.items) {
      if (spec.snapshot) found.push(spec.snapshot.id);
      if (lease) found.push(`${id}.${lease.fence}`);
    }
    after = page.next;
  } while (after !== undefined);
  return found;
}
