import { type FSWatcher, mkdirSync, utimesSync, watch, writeFileSync } from "node:fs";
import path from "node:path";
import type { QueuePlace } from "../place.ts";

/** Wakes everyone who waits for a change of the queue, in any process. Never throws: those who wait look by themselves, later. */
export function wake({ directory }: QueuePlace): void {
  const file = path.join(directory, "wake");
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    try {
      mkdirSync(directory, { recursive: true });
      writeFileSync(file, "");
    } catch {
      // Nobody is woken, and everyone looks in a second.
    }
  }
}

/**
 * Calls `onChange` when somebody has changed the queue, and every `lookMs` anyway: files cannot be watched everywhere. The returned
 * function ends that. Waiting keeps the process alive.
 */
export function onWake(place: QueuePlace, onChange: () => void, lookMs = 1_000): () => void {
  const timer = setInterval(onChange, lookMs);
  let watcher: FSWatcher | undefined;
  try {
    mkdirSync(place.directory, { recursive: true });
    watcher = watch(place.directory, (_, name) => {
      if (name === null || name === "wake") onChange();
    });
    watcher.on("error", () => undefined);
  } catch {
    // The timer has to do.
  }
  return () => {
    clearInterval(timer);
    watcher?.close();
  };
}
