import path from "node:path";
import {
  exportedResult,
  type FileQueue,
  finalStates,
  openQueueAt,
  type QueuePlace,
  queuePlace,
  readFact,
  workerSettings,
  writeFact,
} from "@netra-apex/background-e2e";
import { knownProject } from "../history/known-project.ts";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { plain } from "../table.ts";
import { keepGoing } from "./open-background.ts";
import { verdictText } from "./results.ts";

/** More are summed up. */
const mostShown = 5;

/**
 * What comes after each command: a person is told what has finished in the background since somebody was told last, the worker hears what the
 * config says now, and one that is gone while tasks are open is started again. Never throws: it is not what the person came for.
 */
export async function mentionFinished(store: string, { isTold }: { readonly isTold: boolean }): Promise<void> {
  try {
    const known = knownProject();
    const place = queuePlace(store);
    loadSqliteQuietly();
    const queue = await openQueueAt(place, { patienceMs: 500 });
    try {
      if (known?.config) {
        const file = known.file === undefined ? undefined : path.resolve(known.file);
        const before = readFact(queue.database, "settings");
        // A config that was named for once is not the worker's.
        if (!before || before.config === file) {
          await writeFact(queue.database, "settings", workerSettings(known.config, file));
        }
      }
      if (isTold) await tell(queue, place);
      await keepGoing({ queue, place });
    } finally {
      await queue.close();
    }
  } catch {
    // `apex bg status` says what is wrong.
  }
}

async function tell(queue: FileQueue, place: QueuePlace): Promise<void> {
  const atMs = readFact(queue.database, "told")?.atMs;
  const { items, next } = await queue.list(
    { states: [...finalStates], ...(atMs === undefined ? {} : { sinceMs: atMs + 1 }) },
    { order: "newest", limit: mostShown },
  );
  const finished = items.filter(({ state }) => state !== "cancelled").map((task) => exportedResult(task, place));
  for (const result of finished) {
    const why = result.error_message === null ? "" : `: ${plain(result.error_message)}`;
    process.stderr.write(`background  ${result.task_id}  ${verdictText(result)}${why}\n`);
  }
  if (next !== undefined) process.stderr.write("background  … and more: apex bg results\n");
  const [newest] = items;
  if (newest) await writeFact(queue.database, "told", { atMs: newest.changedMs });
}
