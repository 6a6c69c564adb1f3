import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describeThrown } from "@netra-apex/core";
import { notifyFinished } from "../notify/notify-finished.ts";
import type { QueuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import type { FinalTaskState } from "../queue/task.ts";
import { readFact } from "../settings.ts";
import { exportResult } from "./export-result.ts";
import { finalStates, isFinal } from "./task-result.ts";

/**
 * What comes after a task's end: its result as a file, and whoever wants to know is told, once for each end. Does nothing for
 * one that is not over. Never throws: what goes wrong is said.
 */
export async function settleTask(
  queue: FileQueue,
  place: QueuePlace,
  task: TaskView,
  say: (line: string) => void,
): Promise<void> {
  const settings = readFact(queue.database, "settings");
  if (!settings || !isFinal(task)) return;
  try {
    const resultFile = exportResult(task, place, settings.resultsDirectory);
    if (!markSettled(task, place)) return;
    const previous = await previousOf(queue, task);
    await notifyFinished(
      { task, resultFile, ...(previous ? { previous: previous.state as FinalTaskState } : {}) },
      { settings: settings.notify, projectRoot: settings.projectRoot, log: (_, line) => say(line) },
    );
  } catch (error) {
    say(`the result of ${task.id} could not be written to ${settings.resultsDirectory}: ${describeThrown(error)}`);
  }
}

/** Whether a task has got all that comes after this end of it. */
export function isSettled(task: TaskView, place: QueuePlace): boolean {
  return existsSync(settledFile(task, place));
}

/** False when somebody else was quicker: who cancels a task and its attempt, or a worker that finds what another one left. */
function markSettled(task: TaskView, place: QueuePlace): boolean {
  const file = settledFile(task, place);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "", { flag: "wx" });
    return true;
  } catch {
    return !existsSync(file);
  }
}

/** A task may end more than once, as it can be sent back to the queue. */
function settledFile({ id, changedMs }: TaskView, { directory }: QueuePlace): string {
  return path.join(directory, id, `settled-${changedMs}`);
}

/** How the category ended before, in the same environment. */
async function previousOf(queue: FileQueue, { id, spec, changedMs }: TaskView): Promise<TaskView | undefined> {
  const filter = { states: [...finalStates], category: spec.category };
  const { items } = await queue.list(filter, { order: "newest", limit: 20 });
  return items.find(
    (task) =>
      task.id !== id &&
      task.changedMs <= changedMs &&
      task.state !== "cancelled" &&
      task.spec.environment === spec.environment,
  );
}
