import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TaskId } from "../queue/task.ts";

const markName = "task";

/** Says in a run's directory that it is an attempt at a task. Throws what the file system throws. */
export function markRun(runDirectory: string, taskId: TaskId): void {
  mkdirSync(runDirectory, { recursive: true });
  writeFileSync(path.join(runDirectory, markName), `${taskId}\n`);
}

/** Whether a run is an attempt at a background task, and not one that a person has made. */
export function isRunOfTask(runDirectory: string): boolean {
  return existsSync(path.join(runDirectory, markName));
}
