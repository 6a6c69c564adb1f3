import { appendFileSync, mkdirSync, statSync, truncateSync } from "node:fs";
import type { QueuePlace } from "../place.ts";

/** A log beyond this size starts anew. */
const longestLog = 1024 * 1024;

/** Appends a line to the log of a project's worker. Never throws: what matters is in the queue. */
export function logOfWorker({ directory, workerLog }: QueuePlace, line: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    appendFileSync(workerLog, `${new Date().toISOString()}  ${line}\n`);
    if (statSync(workerLog).size > longestLog) truncateSync(workerLog);
  } catch {
    // A full disk.
  }
}
