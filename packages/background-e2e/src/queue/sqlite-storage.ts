import type { Database, SqlRow, SqlValue } from "@netra-apex/store/sql";
import type { AuditEvent, QueuePause } from "./queue-backend.ts";
import { priorities } from "./queue-order.ts";
import type { FinalTask, HeldTask, OpenTask, QueuedTask, Task, WaitingTask } from "./task-machine.ts";
import {
  changingColumns,
  changingValues,
  eventOf,
  eventValues,
  parse,
  pauseOf,
  stayingColumns,
  stayingValues,
  taskOf,
} from "./task-rows.ts";
import type { TaskScan, TaskStorage, TaskTables } from "./task-storage.ts";
import { type TaskId, type TaskPriority, type TaskState, taskStates } from "./task.ts";

/** Tasks in a database of SQLite that any number of processes share. */
export class SqliteStorage implements TaskStorage {
  readonly #database: Database;
  readonly #tables: SqliteTables;

  constructor(database: Database) {
    this.#database = database;
    this.#tables = new SqliteTables(database);
  }

  async transaction<Result>(work: (tables: TaskTables) => Result): Promise<Result> {
    return this.#database.transaction(() => work(this.#tables));
  }

  async read<Result>(work: (tables: TaskTables) => Result): Promise<Result> {
    return this.#database.snapshot(() => work(this.#tables));
  }

  close(): void {
    this.#database.close();
  }
}

const insertColumns = [...stayingColumns, ...changingColumns];
const places = insertColumns.map(() => "?");
const insertTask = `insert into task (${insertColumns.join(", ")}) values (${places.join(", ")})`;
const updateTask = `update task set ${changingColumns.map((name) => `${name} = ?`).join(", ")} where id = ?`;
const appendEvent =
  "insert into event (at_ms, task, type, by, fence, state, reason) values (?, ?, ?, ?, ?, ?, ?) returning seq";
// As the partial indexes have it, so that they are used.
const isOpen = "state in ('queued', 'starting', 'running', 'retry-wait')";
const isOver = "state in ('completed', 'failed', 'timed-out', 'cancelled', 'lost')";

class SqliteTables implements TaskTables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(id: TaskId): Task | undefined {
    return this.#tasks("select * from task where id = ?", id)[0];
  }

  insert(task: Task): void {
    this.#run(insertTask, ...stayingValues(task), ...changingValues(task));
  }

  update(task: Task): void {
    this.#run(updateTask, ...changingValues(task), task.id);
  }

  remove(ids: readonly TaskId[]): void {
    const list = JSON.stringify(ids);
    this.#run("delete from task where id in (select value from json_each(?))", list);
    this.#run("delete from event where task in (select value from json_each(?))", list);
  }

  keyOwner(key: string): TaskId | undefined {
    const row = this.#row("select task from idempotency where key = ?", key);
    return row && String(row["task"]);
  }

  setKeyOwner(key: string, id: TaskId): void {
    this.#run("insert into idempotency (key, task) values (?, ?)", key, id);
  }

  withFingerprint(fingerprint: string): OpenTask[] {
    return this.#tasks(`select * from task where fingerprint = ? and ${isOpen}`, fingerprint) as OpenTask[];
  }

  ofCategory(category: string, environment: string): OpenTask[] {
    const sql = `select * from task where category = ? and environment = ? and ${isOpen} order by place`;
    return this.#tasks(sql, category, environment) as OpenTask[];
  }

  heads(): QueuedTask[] {
    const sql = "select * from task where state = 'queued' and priority = ? order by place limit 1";
    return priorities.flatMap((priority) => this.#tasks(sql, priority) as QueuedTask[]);
  }

  due(nowMs: number): WaitingTask[] {
    const sql = "select * from task where state = 'retry-wait' and not_before_ms <= ?";
    return this.#tasks(sql, nowMs) as WaitingTask[];
  }

  held(): HeldTask[] {
    return this.#tasks("select * from task where state in ('starting', 'running') order by place") as HeldTask[];
  }

  over(): Pick<FinalTask, "id" | "changedMs">[] {
    const sql = `select id, changed_ms from task where ${isOver} order by changed_ms desc, place desc`;
    return this.#rows(sql).map((row) => ({ id: String(row["id"]), changedMs: Number(row["changed_ms"]) }));
  }

  scan({ state, priority, order, after, limit, category, sinceMs, id }: TaskScan): Task[] {
    // Each combination is a statement of its own, so that each has the index that fits.
    const conditions = [state === "queued" ? "state = 'queued'" : "state = ?"];
    const values: SqlValue[] = state === "queued" ? [] : [state];
    const where = (condition: string, ...its: readonly SqlValue[]): void => {
      conditions.push(condition);
      values.push(...its);
    };
    if (priority !== undefined) where("priority = ?", priority);
    if (category !== undefined) where("category = ?", category);
    if (sinceMs !== undefined) where("changed_ms >= ?", sinceMs);
    if (id !== undefined) where("instr(id, ?) > 0", id);
    if (after && order === "place") where("place > ?", after.place);
    if (after && order === "newest") where("(changed_ms, place) < (?, ?)", after.changedMs, after.place);
    const by = order === "place" ? "place" : "changed_ms desc, place desc";
    const sql = `select * from task where ${conditions.join(" and ")} order by ${by} limit ?`;
    return this.#tasks(sql, ...values, limit);
  }

  counts() {
    const byState = new Map(taskStates.map((state): [TaskState, number] => [state, 0]));
    const queuedByCategory = new Map<string, number>();
    for (const row of this.#rows("select state, category, tasks from tally where tasks > 0")) {
      const state = row["state"] as TaskState;
      const tasks = Number(row["tasks"]);
      byState.set(state, (byState.get(state) ?? 0) + tasks);
      if (state === "queued") queuedByCategory.set(String(row["category"]), tasks);
    }
    return {
      byState: Object.fromEntries(byState) as Record<TaskState, number>,
      queuedByCategory: Object.fromEntries(queuedByCategory),
    };
  }

  countQueued(priority: TaskPriority, { from, below }: { readonly from: number; readonly below: number }): number {
    const sql = "select count(*) as n from task where state = 'queued' and priority = ? and place >= ? and place < ?";
    return Number(this.#row(sql, priority, from, below)?.["n"]);
  }

  firstPlaceQueuedAfter(priority: TaskPriority, timeMs: number): number | undefined {
    const sql =
      "select place from task where state = 'queued' and priority = ? and queued_ms > ? order by place limit 1";
    const row = this.#row(sql, priority, timeMs);
    return row && Number(row["place"]);
  }

  environment(hash: string): Readonly<Record<string, string>> | undefined {
    const row = this.#row("select variables from environment where hash = ?", hash);
    return row && this.#database.read(() => parse(row["variables"]) as Record<string, string>);
  }

  keepEnvironment(hash: string, env: Readonly<Record<string, string>>): void {
    this.#run(
      "insert into environment (hash, variables) values (?, ?) on conflict do nothing",
      hash,
      JSON.stringify(env),
    );
  }

  dropEnvironments(): void {
    this.#run("delete from environment where hash not in (select env from task where env is not null)");
  }

  pause(): QueuePause | undefined {
    const row = this.#row("select by, at_ms, reason from pause");
    return row && this.#database.read(() => pauseOf(row));
  }

  setPause(pause: QueuePause | undefined): void {
    this.#run("delete from pause");
    if (!pause) return;
    const { by, atMs, reason = null } = pause;
    this.#run("insert into pause (only, by, at_ms, reason) values (1, ?, ?, ?)", JSON.stringify(by), atMs, reason);
  }

  append(event: Omit<AuditEvent, "seq">): number {
    return Number(this.#row(appendEvent, ...eventValues(event))?.["seq"]);
  }

  eventsAfter(seq: number, limit: number): AuditEvent[] {
    const rows = this.#rows("select * from event where seq > ? order by seq limit ?", seq, limit);
    return this.#database.read(() => rows.map(eventOf));
  }

  #tasks(sql: string, ...values: SqlValue[]): Task[] {
    const rows = this.#rows(sql, ...values);
    return this.#database.read(() => rows.map(taskOf));
  }

  #rows(sql: string, ...values: SqlValue[]): SqlRow[] {
    return this.#database.sql(sql).all(...values);
  }

  #row(sql: string, ...values: SqlValue[]): SqlRow | undefined {
    return this.#database.sql(sql).get(...values);
  }

  #run(sql: string, ...values: SqlValue[]): void {
    this.#database.sql(sql).run(...values);
  }
}
