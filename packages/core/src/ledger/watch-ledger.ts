import { type FSWatcher, watch } from "node:fs";

/** Nobody tells that a process was killed. */
const pollMs = 1_000;
/** Several changes at once are one. */
const settleMs = 10;

/**
 * Calls `listener` soon after the files of a directory have changed, and every second in any case; the returned function ends
 * that. Never throws.
 */
export function watchLedger(directory: string, listener: () => void): () => void {
  let settling: NodeJS.Timeout | undefined;
  const isChanged = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined;
      listener();
    }, settleMs);
  };
  const poll = setInterval(listener, pollMs);
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(directory, isChanged);
    watcher.on("error", () => watcher?.close());
  } catch {
    // It is looked at all the same.
  }
  return () => {
    clearInterval(poll);
    clearTimeout(settling);
    watcher?.close();
  };
}
