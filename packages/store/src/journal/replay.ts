import type { Reporter, RunId } from "@netra-apex/core";
import { readJournal, type JournalEnd } from "./read-journal.ts";
import { journalOf } from "./run-directory.ts";

/** Shows a recorded run to consumers, as the run itself did. Throws what `readJournal` throws. */
export function replayJournal(
  store: string,
  runId: RunId,
  consumers: readonly Pick<Reporter, "onEvent">[],
): JournalEnd {
  const events = readJournal(journalOf(store, runId));
  try {
    for (;;) {
      const next = events.next();
      if (next.done) return next.value;
      for (const consumer of consumers) consumer.onEvent(next.value);
    }
  } finally {
    // Closes the file where a consumer has thrown.
    events.return({ skipped: [], isTorn: false });
  }
}
