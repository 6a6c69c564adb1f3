import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { QueuePlace } from "../place.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import type { TaskId } from "../queue/task.ts";
import { exportedResult } from "./task-result.ts";

/** Where the result of a task is exported to. */
function resultFile(resultsDirectory: string, taskId: TaskId): string {
  return path.join(resultsDirectory, `${taskId}.json`);
}

/** Writes a result as a file, whole or not at all, and returns its path. Throws what the file system throws. */
export function exportResult(task: TaskView, place: QueuePlace, resultsDirectory: string): string {
  const file = resultFile(resultsDirectory, task.id);
  mkdirSync(resultsDirectory, { recursive: true });
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, `${JSON.stringify(exportedResult(task, place), undefined, 2)}\n`);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  return file;
}
