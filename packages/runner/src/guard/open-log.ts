import { mkdirSync, openSync } from "node:fs";
import path from "node:path";

/** Opens a log file for appending and returns its descriptor; makes the directories that are missing. Throws what the system says. */
export function openLog(logFile: string): number {
  try {
    return openSync(logFile, "a");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  // Only now: in a run of many nodes the directory exists for all but the first.
  mkdirSync(path.dirname(logFile), { recursive: true });
  return openSync(logFile, "a");
}
