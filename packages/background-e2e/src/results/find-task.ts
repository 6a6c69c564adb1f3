import { ApexError } from "@netra-apex/core";
import type { QueueBackend, TaskView } from "../queue/queue-backend.ts";

/** No task, or more than one, goes by what was asked for. */
export class TaskNotFoundError extends ApexError {
  readonly code = "APEX_TASK_NOT_FOUND";
}

const mostShown = 5;

/**
 * The task that a person means: its whole id, a part of it that no other has, or `latest`, the one that was queued last. Throws
 * `TaskNotFoundError`.
 */
export async function findTask(queue: QueueBackend, reference: string): Promise<TaskView> {
  const exact = await queue.get(reference);
  if (exact) return exact;
  const isLatest = reference === "latest";
  const { items } = await queue.list(isLatest ? {} : { id: reference }, {
    order: "newest",
    limit: isLatest ? 1_000 : mostShown + 1,
  });
  if (isLatest) {
    const [latest] = items.toSorted((a, b) => b.createdMs - a.createdMs);
    if (latest) return latest;
    throw new TaskNotFoundError("no task was ever queued in this project", { hint: "apex bg add CATEGORY queues one" });
  }
  const [task, ...others] = reference === "" ? [] : items;
  if (!task) {
    throw new TaskNotFoundError(`there is no task ${JSON.stringify(reference)}`, {
      hint: "apex bg status lists what waits and runs, apex bg results what is over",
    });
  }
  if (others.length > 0) {
    const shown = items.slice(0, mostShown).map(({ id }) => id);
    throw new TaskNotFoundError(
      `${JSON.stringify(reference)} could be ${shown.join(", ")}${items.length > mostShown ? ", …" : ""}`,
      { hint: "give more of its id" },
    );
  }
  return task;
}
