import { mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { ApexError, describeThrown } from "@netra-apex/core";

/** The file that takes a command's output could not be opened. */
export class LogFileError extends ApexError {
  readonly code = "APEX_LOG_FILE";
  readonly logFile: string;

  constructor(logFile: string, cause: unknown) {
    super(`the log file ${logFile} cannot be written: ${describeThrown(cause)}`, {
      cause,
      hint: "check the permissions and the free space of its directory",
    });
    this.logFile = logFile;
  }
}

/**
 * Opens a log file for appending and returns its descriptor; makes the directories that are missing.
 * Throws `LogFileError`.
 */
export function openLogFile(logFile: string): number {
  try {
    return openSync(logFile, "a");
  } catch (error) {
    if (!isMissing(error)) throw new LogFileError(logFile, error);
  }
  // Only now: in a run of many nodes the directory exists for all but the first.
  try {
    mkdirSync(path.dirname(logFile), { recursive: true });
    return openSync(logFile, "a");
  } catch (error) {
    throw new LogFileError(logFile, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
