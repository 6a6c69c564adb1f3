import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Makes `.apex/runs/<runId>` in the project for the run's logs and reports, and keeps all of `.apex` out of git. */
export function createRunDirectory(projectRoot: string, runId: string): string {
  const home = path.join(projectRoot, ".apex");
  const directory = path.join(home, "runs", runId);
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(path.join(home, ".gitignore"), "*\n", { flag: "wx" });
  } catch {
    // It is there already.
  }
  return directory;
}
