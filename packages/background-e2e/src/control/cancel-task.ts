import type { ProcessIdentity } from "@netra-apex/core";
import { processesWithVariable } from "@netra-apex/runner";
import { endProcess, isGoneWithin } from "../daemon/end-process.ts";
import { onWake, wake } from "../daemon/wake.ts";
import { logOfWorker } from "../daemon/worker-log.ts";
import type { QueuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import type { Actor, TaskId } from "../queue/task.ts";
import { isExported } from "../results/export-result.ts";
import { settleTask } from "../results/settle-task.ts";
import { isFinal } from "../results/task-result.ts";
import { readFact } from "../settings.ts";

/** What became of a wish to cancel. */
export type Cancelled =
  /** Nothing of the task runs any more, and it is over. */
  | { readonly kind: "cancelled"; readonly task: TaskView; readonly wasRunning: boolean }
  /** It was over before. */
  | { readonly kind: "already-final"; readonly task: TaskView }
  | { readonly kind: "unknown" };

/** Ending a tree takes its own grace; an attempt that has not come back by then is killed with all that it has. */
const patienceMs = 20_000;

/**
 * Cancels a task and resolves once it is over and no process of it is left, whatever its tests do with their signals, and whether a
 * worker runs or not. A task that still waits never starts.
 */
export async function cancelTask(
  queue: FileQueue,
  place: QueuePlace,
  taskId: TaskId,
  { by, reason, patience = patienceMs }: { readonly by: Actor; readonly reason?: string; readonly patience?: number },
): Promise<Cancelled> {
  const before = await queue.get(taskId);
  const answer = await queue.cancel(taskId, { by, ...(reason === undefined ? {} : { reason }) });
  wake(place);
  if (answer === "unknown" || !before) return { kind: "unknown" };
  if (answer === "requested") await waitUntilOver(queue, place, taskId, patience);
  const holders = [before, await queue.get(taskId)].flatMap((task) => task?.lease?.worker.process ?? []);
  for (const holder of holders) await isGoneWithin(holder, patience);
  await waitUntilGone(before, patience);
  const task = (await queue.get(taskId)) ?? before;
  if (answer === "already-final") return { kind: "already-final", task };
  // Its worker has done that, if it could.
  const { resultsDirectory } = readFact(queue.database, "settings") ?? {};
  if (resultsDirectory !== undefined && !isExported(task, resultsDirectory)) {
    await settleTask(queue, place, task, (line) => logOfWorker(place, line));
  }
  return { kind: "cancelled", task, wasRunning: answer === "requested" };
}

async function waitUntilOver(queue: FileQueue, place: QueuePlace, taskId: TaskId, patience: number): Promise<void> {
  const task = await waitForTask(queue, place, taskId, { until: isFinal, withinMs: patience });
  if (!task || isFinal(task)) return;
  // Its process hangs, or was stopped. What its guard does not end in time is found by its mark.
  const holder: ProcessIdentity | undefined = task.lease?.worker.process;
  if (holder && holder.pid !== process.pid) await endProcess(holder);
  await queue.reap();
  await waitForTask(queue, place, taskId, { until: isFinal, withinMs: patience });
}

/** Resolves with the task as soon as it is as wanted; as it is after that time otherwise. */
export async function waitForTask(
  queue: FileQueue,
  place: QueuePlace,
  taskId: TaskId,
  {
    until,
    withinMs = Number.POSITIVE_INFINITY,
    signal,
  }: { readonly until: (task: TaskView) => boolean; readonly withinMs?: number; readonly signal?: AbortSignal },
): Promise<TaskView | undefined> {
  const deadline = Date.now() + withinMs;
  let look = (): void => undefined;
  const stop = onWake(place, () => look(), 250);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => (look = resolve));
      const task = await queue.get(taskId);
      if (!task || until(task) || Date.now() >= deadline || signal?.aborted) return task;
      await changed;
    }
  } finally {
    stop();
  }
}

/** Until no process carries the mark of one of the task's attempts, the guard of its tests included. */
async function waitUntilGone({ id }: TaskView, patience: number): Promise<void> {
  if (process.platform !== "linux") return;
  const deadline = Date.now() + patience;
  while (isAnyLeft(id) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
}

function isAnyLeft(id: TaskId): boolean {
  return processesWithVariable("APEX_TASK").some(({ pid, value }) => pid !== process.pid && value.startsWith(`${id}.`));
}
