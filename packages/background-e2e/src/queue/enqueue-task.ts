import process from "node:process";
import type { Enqueued, NewTask } from "./queue-backend.ts";
import { TaskInvalidError } from "./queue-errors.ts";
import { priorities } from "./queue-order.ts";
import { cancel, isHeld, type QueuedTask, requestCancel } from "./task-machine.ts";
import type { TaskTables } from "./task-storage.ts";
import type { Actor, TaskId, TaskPriority } from "./task.ts";

/** What is handed in to everything that the queue does. */
export interface Moment {
  readonly nowMs: number;
  readonly random: () => number;
}

/**
 * Queues a task, or finds the one that it is to be instead. Throws `TaskInvalidError`.
 *
 * The key comes first, then the task to be joined, and only for a new one others are superseded.
 */
export function enqueueTask(tables: TaskTables, task: NewTask, { nowMs, random }: Moment): Enqueued {
  const known = task.idempotencyKey === undefined ? undefined : tables.keyOwner(task.idempotencyKey);
  if (known !== undefined) {
    tables.append({ atMs: nowMs, taskId: known, type: "joined", by: task.by, reason: "the same idempotency key" });
    return { taskId: known, created: false, superseded: [] };
  }
  const joined = taskToJoin(tables, task);
  const taskId = joined ?? freeId(tables, task.spec.category, random);
  if (task.idempotencyKey !== undefined) tables.setKeyOwner(task.idempotencyKey, taskId);
  if (joined !== undefined) {
    raisePriority(tables, joined, task.priority);
    tables.append({ atMs: nowMs, taskId, type: "joined", by: task.by, reason: "the same fingerprint" });
    return { taskId, created: false, superseded: [] };
  }
  const older = task.supersedes ? tables.ofCategory(task.spec.category, task.spec.environment) : [];
  const place = tables.append({ atMs: nowMs, taskId, type: "enqueued", by: task.by, state: "queued" });
  tables.insert({
    ...newTask(task, { id: taskId, place, nowMs }),
    ...(task.env ? { envHash: keepEnvironment(tables, task.env) } : {}),
  });
  const superseded = older.flatMap(({ id }) => (supersede(tables, id, { by: taskId, nowMs }) ? [id] : []));
  return { taskId, created: true, superseded };
}

/** Says what is wrong with a task, whoever made it. Throws `TaskInvalidError`. */
export function checkNewTask({ spec, priority }: NewTask): void {
  if (spec.category === "") throw new TaskInvalidError("it has no category");
  if (!priorities.includes(priority)) throw new TaskInvalidError(`its priority is ${String(priority)}, not 1 to 5`);
  if (!Number.isInteger(spec.maxRetries) || spec.maxRetries < 0) {
    throw new TaskInvalidError(`it is to be retried ${String(spec.maxRetries)} times`);
  }
}

function newTask(
  { spec, priority, by, join }: NewTask,
  { id, place, nowMs }: { readonly id: TaskId; readonly place: number; readonly nowMs: number },
): QueuedTask {
  const times = { createdMs: nowMs, changedMs: nowMs, queuedMs: nowMs };
  return {
    ...{ id, spec, priority, by, place, ...times },
    ...{ state: "queued", fence: 0, attempts: [], spent: 0, losses: 0 },
    ...(join ? { fingerprint: join.fingerprint } : {}),
  };
}

/** The newest one, unless it is about to end without a result. */
function taskToJoin(tables: TaskTables, { join }: NewTask): TaskId | undefined {
  if (!join) return undefined;
  return tables
    .withFingerprint(join.fingerprint)
    .filter((task) => join.states.includes(task.state) && !(isHeld(task) && task.cancelRequest))
    .sort((left, right) => right.place - left.place)[0]?.id;
}

/** Whoever joins a task that waits may be in more of a hurry than those before. */
function raisePriority(tables: TaskTables, id: TaskId, priority: TaskPriority): void {
  const task = tables.get(id);
  if ((task?.state === "queued" || task?.state === "retry-wait") && priority < task.priority) {
    tables.update({ ...task, priority });
  }
}

/** False for one that is to end anyway. */
function supersede(
  tables: TaskTables,
  id: TaskId,
  { by, nowMs }: { readonly by: TaskId; readonly nowMs: number },
): boolean {
  const task = tables.get(id);
  const actor: Actor = { kind: "task", name: by };
  const event = { atMs: nowMs, taskId: id, type: "superseded", by: actor } as const;
  if (task?.state === "queued" || task?.state === "retry-wait") {
    tables.update(cancel(task, { by: actor, atMs: nowMs }));
    tables.append({ ...event, state: "cancelled" });
    return true;
  }
  if (!task || !isHeld(task) || task.cancelRequest) return false;
  tables.update(requestCancel(task, { by: actor, atMs: nowMs }));
  tables.append({ ...event, fence: task.fence });
  return true;
}

const longestNameInId = 40;
const charactersInId = 6;

/** An id is also the name of a file and of a git ref. */
function freeId(tables: TaskTables, category: string, random: () => number): TaskId {
  const safe = category.toLowerCase().replaceAll(/[^a-z0-9_]+/g, "-");
  const name = safe.slice(0, longestNameInId).replaceAll(/^[-_]+|[-_]+$/g, "") || "task";
  for (;;) {
    const characters = Array.from({ length: charactersInId }, () => Math.floor(random() * 36).toString(36));
    const id = `${name}-${characters.join("")}`;
    if (!tables.get(id)) return id;
  }
}

function keepEnvironment(tables: TaskTables, env: Readonly<Record<string, string>>): string {
  const entries = Object.entries(env).sort(([left], [right]) => (left < right ? -1 : 1));
  // Loaded only here: most of what the queue does needs no hash.
  const hash = process.getBuiltinModule("node:crypto").hash("sha256", JSON.stringify(entries), "hex");
  tables.keepEnvironment(hash, env);
  return hash;
}
