import type { TaskView } from "./queue-backend.ts";
import { isHeld, type Task } from "./task-machine.ts";

/** A task as everybody may see it. */
export function viewOf(task: Task, ahead?: number): TaskView {
  const { id, spec, priority, state, by, createdMs, changedMs, attempts, spent, losses } = task;
  return {
    ...{ id, spec, priority, state, by, createdMs, changedMs },
    ...(ahead === undefined ? {} : { ahead }),
    ...(task.state === "retry-wait" ? { notBeforeMs: task.notBeforeMs } : {}),
    ...{ attempts, spent, losses },
    ...(isHeld(task) ? { lease: task.lease } : {}),
    ...("progress" in task && task.progress ? { progress: task.progress } : {}),
    ...("cancelRequest" in task && task.cancelRequest
      ? { cancelRequest: { by: task.cancelRequest.by, atMs: task.cancelRequest.atMs } }
      : {}),
    ...("result" in task && task.result ? { result: task.result } : {}),
    ...("reason" in task ? { reason: task.reason } : {}),
  };
}
