import { existsSync } from "node:fs";
import { exportedResult, finalStates, openQueueAt, queuePlace, readFact, writeFact } from "@netra-apex/background-e2e";
import { findConfig } from "@netra-apex/core";
import { storeDirectory } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { plain } from "../table.ts";
import { keepGoing } from "./open-background.ts";
import { verdictText } from "./results.ts";

/** More are summed up. */
const mostShown = 5;

/**
 * Tells a person what has finished in the background since somebody was told last, and wakes up a queue whose worker is gone. Says nothing,
 * and costs next to nothing, where nothing was ever queued. Never throws: it is not what the person came for.
 */
export async function mentionFinished(): Promise<void> {
  try {
    const { projectRoot } = findConfig(process.cwd());
    const place = queuePlace(storeDirectory({ projectRoot, history: { isEnabled: true } }));
    if (!existsSync(place.file)) return;
    loadSqliteQuietly();
    const queue = await openQueueAt(place, { patienceMs: 500 });
    try {
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
      await keepGoing({ queue, place });
    } finally {
      await queue.close();
    }
  } catch {
    // `apex bg status` says what is wrong.
  }
}
