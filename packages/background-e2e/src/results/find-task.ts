import { ApexError } from "@netra-apex/core";
import { type FinalTaskState, taskStates } from "../queue/task.ts";
import { finalStates } from "./task-result.ts";
import type { QueueBackend, TaskView } from "../queue/queue-backend.ts";

/** No task, or more than one, goes by what was asked for. */
export class TaskNotFoundError extends ApexError {
  readonly code = "APEX_TASK_NOT_FOUND";
}

const mostShown = 5;
const openStates = taskStates.filter((state) => !finalStates.has(state as FinalTaskState));

/**
 * The task that a person means: its whole id, a part of it that no other has (or no other that is not over), or `latest`, the one that was queued last. Throws
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
    // What runs or waits is meant rather than what was long ago, where there is but one of it.
    const open = await queue.list({ id: reference, states: openStates }, { order: "urgency", limit: 2 });
    if (open.items.length === 1 && open.items[0]) return open.items[0];
    const shown = items.slice(0, mostShown).map(({ id }) => id);
    throw new TaskNotFoundError(
      `${JSON.stringify(reference)} could be ${shown.join(", ")}${items.length > mostShown ? ", …" : ""}`,
      { hint: "give more of its id" },
    );
  }
  return task;
}
