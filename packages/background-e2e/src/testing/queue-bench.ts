import { strictEqual } from "node:assert/strict";
import { noTests, type Outcome, type ProcessIdentity } from "@netra-apex/core";
import type { AuditEvent, Claim, NewTask, PageRequest, QueueBackend, TaskView } from "../queue/queue-backend.ts";
import type { Actor, AttemptResult, TaskId, TaskPriority, TaskSpec, WorkerRef } from "../queue/task.ts";

/** What a queue under test has to ask instead of the system. */
export interface QueueSurroundings {
  readonly now: () => number;
  readonly random: () => number;
  readonly isProcessAlive: (process: ProcessIdentity) => boolean | undefined;
}

/** A queue under test, empty at first. All that was opened is closed by the suite. */
export interface QueueUnderTest {
  readonly queue: QueueBackend;
  /** Opens the same queue once more, as another process does. */
  readonly another: () => Promise<QueueBackend>;
}

/** Makes a new queue for each test, with the usual rules: ageing 30 min, backoff 5 s to 5 min, two losses. */
export type MakeQueue = (surroundings: QueueSurroundings) => Promise<QueueUnderTest>;

/** One minute, in milliseconds. */
export const minuteMs = 60_000;

/** The lease of every claim of the suite. */
export const leaseMs = 30_000;

/** Who does things in the suite. */
export const person: Actor = { kind: "person", name: "ada" };

/** A queue with what the tests of the suite do to it. */
export class QueueBench {
  nowMs = Date.UTC(2026, 0, 31, 12);
  /** What chance comes to; while it is absent, something else each time. */
  chance: number | undefined;
  /** Pids that are gone. */
  readonly dead = new Set<number>();
  #count = 0;
  #made: QueueUnderTest | undefined;
  readonly #opened: QueueBackend[] = [];

  async open(make: MakeQueue): Promise<void> {
    this.#made = await make({
      now: () => this.nowMs,
      random: () => this.#random(),
      isProcessAlive: ({ pid }) => !this.dead.has(pid),
    });
    this.#opened.push(this.#made.queue);
  }

  get queue(): QueueBackend {
    if (!this.#made) throw new Error("the queue is not open");
    return this.#made.queue;
  }

  /** The same queue once more. */
  async another(): Promise<QueueBackend> {
    const queue = await this.#made?.another?.();
    if (!queue) throw new Error("the queue is not open");
    this.#opened.push(queue);
    return queue;
  }

  async close(): Promise<void> {
    for (const queue of this.#opened) await queue.close();
  }

  /** Lets time pass. */
  wait(ms: number): void {
    this.nowMs += ms;
  }

  async add(
    spec: Partial<TaskSpec> & { readonly priority?: TaskPriority } = {},
    task: Partial<NewTask> = {},
  ): Promise<TaskId> {
    return (await this.queue.enqueue(newTask(spec, task))).taskId;
  }

  /** Claims one task. */
  async claim(worker: WorkerRef = workerRef("worker")): Promise<Claim> {
    const [claim] = await this.queue.claim({ worker, leaseMs, max: 1 });
    if (!claim) throw new Error("there was nothing to claim");
    return claim;
  }

  /** Claims until there is nothing left; returns the ids. */
  async claimAll(): Promise<TaskId[]> {
    const claims = await this.queue.claim({ worker: workerRef("worker"), leaseMs, max: 1_000 });
    return claims.map(({ taskId }) => taskId);
  }

  async task(id: TaskId): Promise<TaskView> {
    const task = await this.queue.get(id);
    if (!task) throw new Error(`${id} is unknown`);
    return task;
  }

  async expectState(id: TaskId, state: TaskView["state"]): Promise<TaskView> {
    const task = await this.task(id);
    strictEqual(task.state, state);
    return task;
  }

  /** All pages of a list. */
  async pages(order: PageRequest["order"], limit: number, filter = {}): Promise<TaskView[][]> {
    const pages: TaskView[][] = [];
    let after: string | undefined;
    do {
      const page = await this.queue.list(filter, { order, limit, ...(after === undefined ? {} : { after }) });
      pages.push([...page.items]);
      after = page.next;
    } while (after !== undefined);
    return pages;
  }

  /** What the audit trail has up to now. */
  async events(queue: QueueBackend = this.queue, afterSeq = 0): Promise<AuditEvent[]> {
    const marker = await this.#marker();
    const events: AuditEvent[] = [];
    const stop = new AbortController();
    for await (const event of queue.events(afterSeq, stop.signal)) {
      if (event.taskId === marker) break;
      if (event.taskId?.startsWith("marker-") !== true) events.push(event);
    }
    return events;
  }

  /** A task of which the first event is behind all others. */
  async #marker(): Promise<TaskId> {
    return this.add({ category: "marker", priority: 5 });
  }

  #random(): number {
    this.#count = (this.#count + 1) % 36_000;
    return this.chance ?? ((this.#count * 7919) % 36_000) / 36_000;
  }
}

/** A worker by its name, and the pid of its process where it has one. */
export function workerRef(id: string, pid?: number): WorkerRef {
  return { id, ...(pid === undefined ? {} : { process: { pid, place: "here", startedAt: "1" } }) };
}

/** A task to be queued: `e2e` without retries when nothing is said. */
export function newTask(
  { priority = 3, ...spec }: Partial<TaskSpec> & { readonly priority?: TaskPriority } = {},
  task: Partial<NewTask> = {},
): NewTask {
  return {
    spec: {
      category: "e2e",
      environment: "test",
      projectRoot: "/project",
      maxRetries: 0,
      servicesRequired: [],
      additionalArgs: [],
      envVars: {},
      useRealServices: false,
      useRealLlm: false,
      ...spec,
    },
    priority,
    by: person,
    ...task,
  };
}

/** The end of an attempt. */
export function resultOf(status: Outcome["status"], more: Partial<AttemptResult> = {}): AttemptResult {
  return { outcome: outcomeOf(status), durationMs: 1_000, counts: noTests, ...more };
}

function outcomeOf(status: Outcome["status"]): Outcome {
  const reason = `it ${status}`;
  switch (status) {
    case "passed":
      return { status };
    case "timed-out":
      return { status, reason, deadline: "attempt", limitMs: 1_000 };
    case "cancelled":
      return { status, reason, by: "person" };
    case "skipped":
      return { status, reason, cause: "service" };
    case "failed":
    case "errored":
    case "inconclusive":
      return { status, reason };
    default:
      return status satisfies never;
  }
}
