import type { QueuedTask } from "./task-machine.ts";
import type { TaskTables } from "./task-storage.ts";
import { taskPriorities, type TaskId, type TaskPriority } from "./task.ts";

/** Every priority, the most urgent first. */
export const priorities: readonly TaskPriority[] = Object.values(taskPriorities);

/** Behind every place. */
const endOfLine = Number.MAX_SAFE_INTEGER;

/** What time does to urgency. */
export interface Ageing {
  /** Each time that a task has waited for this long it is one class more urgent, up to the most urgent one. */
  readonly ageingMs: number;
  readonly nowMs: number;
}

/** How urgent a task is by now. */
function effectivePriority(task: Pick<QueuedTask, "priority" | "queuedMs">, { ageingMs, nowMs }: Ageing): number {
  const periods = Math.max(0, Math.floor((nowMs - task.queuedMs) / ageingMs));
  return Math.max(1, task.priority - periods);
}

/** Negative when `left` is to be claimed first. */
export function compareUrgency(left: QueuedTask, right: QueuedTask, ageing: Ageing): number {
  return effectivePriority(left, ageing) - effectivePriority(right, ageing) || left.place - right.place;
}

/**
 * How many tasks are before each of these. Inside a priority the place decides, so what is before a task in any priority is
 * the part of that priority's line below some place: those that are ahead by age, and those that are as urgent and older.
 */
export function tasksAhead(tasks: readonly QueuedTask[], tables: TaskTables, ageing: Ageing): Map<TaskId, number> {
  const ahead = new Map(tasks.map((task) => [task.id, 0]));
  for (const priority of priorities) {
    const firstYounger = firstYoungerPlaces(priority, tables, ageing);
    const wanted = tasks.map((task) => ({ id: task.id, below: placeBelow(priority, task, { firstYounger, ageing }) }));
    wanted.sort((left, right) => left.below - right.below);
    let counted = 0;
    let from = 0;
    for (const { id, below } of wanted) {
      // One pass over the line, however many tasks are asked for.
      if (below > from) {
        counted += tables.countQueued(priority, { from, below });
        from = below;
      }
      ahead.set(id, (ahead.get(id) ?? 0) + counted);
    }
  }
  return ahead;
}

/** Below which place the tasks of a priority are before a task. */
function placeBelow(
  priority: TaskPriority,
  task: QueuedTask,
  { firstYounger, ageing }: { readonly firstYounger: (periods: number) => number; readonly ageing: Ageing },
): number {
  const urgency = effectivePriority(task, ageing);
  if (priority < urgency) return endOfLine;
  const moreUrgent = urgency === 1 ? 0 : firstYounger(priority - urgency + 1);
  return Math.max(moreUrgent, Math.min(task.place, firstYounger(priority - urgency)));
}

/** The place of the first task in a priority that has waited for less than some ageing periods, asked for once each. */
function firstYoungerPlaces(priority: TaskPriority, tables: TaskTables, { ageingMs, nowMs }: Ageing) {
  const known = new Map<number, number>();
  return (periods: number): number => {
    if (periods === 0) return endOfLine;
    const place = known.get(periods) ?? tables.firstPlaceQueuedAfter(priority, nowMs - periods * ageingMs) ?? endOfLine;
    known.set(periods, place);
    return place;
  };
}
