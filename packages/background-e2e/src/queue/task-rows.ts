import type { SqlRow, SqlValue } from "@netra-apex/store/sql";
import type { AuditEvent, QueuePause } from "./queue-backend.ts";
import type { Task } from "./task-machine.ts";
import type { Actor } from "./task.ts";

/** What of a task has a column of its own; all else is in its life. */
const ownColumns: ReadonlySet<string> = new Set<keyof Task | "notBeforeMs" | "fingerprint" | "envHash">([
  "id",
  "spec",
  "priority",
  "state",
  "by",
  "createdMs",
  "changedMs",
  "place",
  "queuedMs",
  "fence",
  "notBeforeMs",
  "fingerprint",
  "envHash",
]);

/** The values of what changes of a task, in the order of `changingColumns`. */
export function changingValues(task: Task): SqlValue[] {
  const { state, priority, place, queuedMs, changedMs, fence } = task;
  const notBeforeMs = task.state === "retry-wait" ? task.notBeforeMs : null;
  return [state, priority, place, queuedMs, changedMs, notBeforeMs, fence, lifeOf(task)];
}

/** The columns of what changes of a task. */
export const changingColumns = [
  "state",
  "priority",
  "place",
  "queued_ms",
  "changed_ms",
  "not_before_ms",
  "fence",
  "life",
] as const;

/** The values of what stays of a task, in the order of `stayingColumns`. */
export function stayingValues({ id, spec, by, createdMs, fingerprint, envHash }: Task): SqlValue[] {
  const kept = [JSON.stringify(spec), JSON.stringify(by), fingerprint ?? null, envHash ?? null];
  return [id, spec.category, spec.environment, createdMs, ...kept];
}

/** The columns of what stays of a task. */
export const stayingColumns = [
  "id",
  "category",
  "environment",
  "created_ms",
  "spec",
  "origin",
  "fingerprint",
  "env",
] as const;

/** The task that a row is of. Throws for what is no JSON. */
export function taskOf(row: SqlRow): Task {
  return {
    id: row["id"],
    spec: parse(row["spec"]),
    priority: row["priority"],
    state: row["state"],
    by: parse(row["origin"]),
    createdMs: row["created_ms"],
    changedMs: row["changed_ms"],
    place: row["place"],
    queuedMs: row["queued_ms"],
    fence: row["fence"],
    ...(row["fingerprint"] === null ? {} : { fingerprint: row["fingerprint"] }),
    ...(row["env"] === null ? {} : { envHash: row["env"] }),
    ...(row["not_before_ms"] === null ? {} : { notBeforeMs: row["not_before_ms"] }),
    ...(parse(row["life"]) as object),
  } as Task;
}

function lifeOf(task: Task): string {
  return JSON.stringify(Object.fromEntries(Object.entries(task).filter(([name]) => !ownColumns.has(name))));
}

/** The values of an event, in the order of the table's columns after its number. */
export function eventValues({ atMs, taskId, type, by, fence, state, reason }: Omit<AuditEvent, "seq">): SqlValue[] {
  return [atMs, taskId ?? null, type, by ? JSON.stringify(by) : null, fence ?? null, state ?? null, reason ?? null];
}

/** The event that a row is of. Throws for what is no JSON. */
export function eventOf(row: SqlRow): AuditEvent {
  const { seq, at_ms: atMs, task: taskId, type, by, fence, state, reason } = row;
  const known = { seq, atMs, taskId, type, by: by === null ? null : parse(by), fence, state, reason };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null)) as unknown as AuditEvent;
}

/** The pause that a row is of. Throws for what is no JSON. */
export function pauseOf(row: SqlRow): QueuePause {
  const { by, at_ms: atMs, reason } = row;
  return { by: parse(by) as Actor, atMs: Number(atMs), ...(reason === null ? {} : { reason: String(reason) }) };
}

/** What a column holds as JSON. */
export function parse(text: SqlValue | undefined): unknown {
  return JSON.parse(String(text));
}
