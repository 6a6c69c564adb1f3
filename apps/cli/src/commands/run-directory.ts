import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ApexError, describeThrown } from "@netra-apex/core";

/** The directory for a run's logs and reports cannot be made. */
class RunDirectoryError extends ApexError {
  readonly code = "APEX_RUN_DIRECTORY";

  constructor(directory: string, cause: unknown) {
    super(`the run's logs cannot be kept in ${directory}: ${describeThrown(cause)}`, {
      hint: "apex writes to .apex in the project's root; make it writable, or remove what stands in its place",
      cause,
    });
  }
}

/**
 * Makes `.apex/runs/<runId>` in the project for the run's logs and reports, and keeps all of `.apex` out of git.
 * Throws `RunDirectoryError`.
 */
export function createRunDirectory(projectRoot: string, runId: string): string {
  const home = path.join(projectRoot, ".apex");
  const directory = path.join(home, "runs", runId);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new RunDirectoryError(directory, error);
  }
  try {
    writeFileSync(path.join(home, ".gitignore"), "*\n", { flag: "wx" });
  } catch {
    // It is there already.
  }
  return directory;
}
