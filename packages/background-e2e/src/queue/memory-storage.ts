import { ChangeBell } from "./audit-stream.ts";
import type { AuditEvent, QueuePause } from "./queue-backend.ts";
import { TaskQueue, type QueueOptions } from "./task-queue.ts";
import { isFinal, isHeld, type FinalTask, type OpenTask, type QueuedTask, type Task } from "./task-machine.ts";
import type { ScanPosition, TaskScan, TaskStorage, TaskTables } from "./task-storage.ts";
import { type TaskId, type TaskPriority, taskStates } from "./task.ts";

/** A queue that is gone with the process, for tests. */
export function createMemoryQueue(options: QueueOptions = {}): TaskQueue {
  return new TaskQueue(new MemoryStorage(), { survives: "nothing" }, options);
}

/** Tasks in the memory of one process. */
export class MemoryStorage implements TaskStorage {
  readonly #tables = new MemoryTables();
  readonly #bell = new ChangeBell();

  async transaction<Result>(work: (tables: TaskTables) => Result): Promise<Result> {
    const result = this.#tables.allOrNothing(work);
    this.#bell.ring();
    return result;
  }

  changes(onChange: () => void): () => void {
    return this.#bell.listen(onChange);
  }

  async read<Result>(work: (tables: TaskTables) => Result): Promise<Result> {
    return work(this.#tables);
  }

  close(): void {
    // What is in memory is for whoever still holds it.
  }
}

class MemoryTables implements TaskTables {
  readonly #tasks = new Map<TaskId, Task>();
  readonly #keys = new Map<string, TaskId>();
  readonly #environments = new Map<string, Readonly<Record<string, string>>>();
  #events: AuditEvent[] = [];
  #lastSeq = 0;
  #pause: QueuePause | undefined;
  /** What takes back the changes of this transaction, the last one first. */
  #undo: (() => void)[] = [];

  allOrNothing<Result>(work: (tables: TaskTables) => Result): Result {
    this.#undo = [];
    try {
      return work(this);
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo();
      throw error;
    }
  }

  get(id: TaskId): Task | undefined {
    return this.#tasks.get(id);
  }

  insert(task: Task): void {
    this.#set(this.#tasks, task.id, task);
  }

  update(task: Task): void {
    this.#set(this.#tasks, task.id, task);
  }

  remove(ids: readonly TaskId[]): void {
    for (const id of ids) this.#set(this.#tasks, id, undefined);
    const events = this.#events;
    const gone = new Set(ids);
    this.#undo.push(() => (this.#events = events));
    this.#events = events.filter(({ taskId }) => taskId === undefined || !gone.has(taskId));
  }

  keyOwner(key: string): TaskId | undefined {
    return this.#keys.get(key);
  }

  setKeyOwner(key: string, id: TaskId): void {
    this.#set(this.#keys, key, id);
  }

  withFingerprint(fingerprint: string): OpenTask[] {
    return this.#open().filter((task) => task.fingerprint === fingerprint);
  }

  ofCategory(category: string, environment: string): OpenTask[] {
    return this.#open().filter(({ spec }) => spec.category === category && spec.environment === environment);
  }

  heads(): QueuedTask[] {
    const heads = new Map<TaskPriority, QueuedTask>();
    for (const task of this.#tasks.values()) {
      if (task.state !== "queued") continue;
      const head = heads.get(task.priority);
      if (!head || task.place < head.place) heads.set(task.priority, task);
    }
    return [...heads.values()];
  }

  due(nowMs: number) {
    const all = [...this.#tasks.values()];
    return all.filter((task) => task.state === "retry-wait").filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
  }

  held() {
    return [...this.#tasks.values()].filter((task) => isHeld(task)).sort(byPlace);
  }

  over(): FinalTask[] {
    return [...this.#tasks.values()].filter((task) => isFinal(task)).sort(byNewest);
  }

  scan({ state, priority, order, after, limit, category, sinceMs, id }: TaskScan): Task[] {
    const compare = order === "place" ? byPlace : byNewest;
    return [...this.#tasks.values()]
      .filter((task) => task.state === state)
      .filter((task) => priority === undefined || task.priority === priority)
      .filter((task) => category === undefined || task.spec.category === category)
      .filter((task) => sinceMs === undefined || task.changedMs >= sinceMs)
      .filter((task) => id === undefined || task.id.includes(id))
      .filter((task) => after === undefined || compare(after, task) < 0)
      .sort(compare)
      .slice(0, limit);
  }

  counts() {
    const byState = Object.fromEntries(taskStates.map((state) => [state, 0])) as Record<Task["state"], number>;
    const queued = new Map<string, number>();
    for (const { state, spec } of this.#tasks.values()) {
      byState[state] += 1;
      if (state === "queued") queued.set(spec.category, (queued.get(spec.category) ?? 0) + 1);
    }
    return { byState, queuedByCategory: Object.fromEntries(queued) };
  }

  countQueued(priority: TaskPriority, { from, below }: { readonly from: number; readonly below: number }): number {
    return this.#queued(priority).filter(({ place }) => place >= from && place < below).length;
  }

  firstPlaceQueuedAfter(priority: TaskPriority, timeMs: number): number | undefined {
    return this.#queued(priority).find(({ queuedMs }) => queuedMs > timeMs)?.place;
  }

  environment(hash: string): Readonly<Record<string, string>> | undefined {
    return this.#environments.get(hash);
  }

  keepEnvironment(hash: string, env: Readonly<Record<string, string>>): void {
    if (!this.#environments.has(hash)) this.#set(this.#environments, hash, { ...env });
  }

  dropEnvironments(): void {
    const used = new Set([...this.#tasks.values()].map(({ envHash }) => envHash));
    for (const hash of [...this.#environments.keys()]) {
      if (!used.has(hash)) this.#set(this.#environments, hash, undefined);
    }
  }

  pause(): QueuePause | undefined {
    return this.#pause;
  }

  setPause(pause: QueuePause | undefined): void {
    const before = this.#pause;
    this.#undo.push(() => (this.#pause = before));
    this.#pause = pause;
  }

  append(event: Omit<AuditEvent, "seq">): number {
    const events = this.#events;
    const { length } = events;
    this.#undo.push(() => {
      events.length = length;
      this.#lastSeq -= 1;
    });
    this.#lastSeq += 1;
    events.push({ seq: this.#lastSeq, ...event });
    return this.#lastSeq;
  }

  eventsAfter(seq: number, limit: number): AuditEvent[] {
    const first = this.#events.findIndex((event) => event.seq > seq);
    return first < 0 ? [] : this.#events.slice(first, first + limit);
  }

  #open(): OpenTask[] {
    return [...this.#tasks.values()].filter((task) => !isFinal(task));
  }

  #queued(priority: TaskPriority): QueuedTask[] {
    const all = [...this.#tasks.values()].filter((task) => task.state === "queued");
    return all.filter((task) => task.priority === priority).sort(byPlace);
  }

  #set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
    const before = map.get(key);
    this.#undo.push(() => put(map, key, before));
    put(map, key, value);
  }
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function byPlace(left: Pick<ScanPosition, "place">, right: Pick<ScanPosition, "place">): number {
  return left.place - right.place;
}

function byNewest(left: ScanPosition, right: ScanPosition): number {
  return right.changedMs - left.changedMs || right.place - left.place;
}
