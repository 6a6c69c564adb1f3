import { endProcess } from "../daemon/end-process.ts";
import { onWake, wake } from "../daemon/wake.ts";
import type { QueuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import type { Actor, TaskId } from "../queue/task.ts";
import { endRemains } from "./end-remains.ts";
import { settleTask } from "../results/settle-task.ts";
import { isFinal } from "../results/task-result.ts";
import { isProcessAlive } from "@netra-apex/core/process";

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
  const task = (await queue.get(taskId)) ?? before;
  await endRemains(task, { patienceMs: patience });
  if (answer === "already-final") return { kind: "already-final", task };
  await settleTask(queue, place, task, () => undefined);
  return { kind: "cancelled", task, wasRunning: answer === "requested" };
}

async function waitUntilOver(queue: FileQueue, place: QueuePlace, taskId: TaskId, patience: number): Promise<void> {
  const isSettledOrLeft = (task: TaskView): boolean => isFinal(task) || isLeft(task);
  const task = await waitForTask(queue, place, taskId, { until: isSettledOrLeft, withinMs: patience });
  if (!task || isFinal(task)) return;
  // Its process is gone, hangs, or was stopped.
  const { id, process: holder } = task.lease?.worker ?? {};
  if (holder && id?.startsWith(`${taskId}.`)) await endProcess(holder);
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

/** Whether a task is held by somebody who is gone. Where there is no worker nobody else notices that. */
function isLeft({ lease }: TaskView): boolean {
  return lease?.worker.process !== undefined && isProcessAlive(lease.worker.process) === false;
}
