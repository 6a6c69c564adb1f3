import { noTests, type ProcessIdentity } from "@netra-apex/core";
import type { AttemptResult, ClaimRef, NewTask, TaskPriority, WorkerRef } from "../../src/index.ts";
import type { QueueSurroundings, QueueUnderTest } from "../../src/testing/index.ts";
import { seededRandom } from "@netra-apex/core/testing";
import { Witness } from "./witness.ts";

type Queue = QueueUnderTest["queue"];

/** Somebody who works on tasks: a process that may die, or fall asleep and wake up without knowing. */
interface Worker {
  ref: WorkerRef & { readonly process: ProcessIdentity };
  queue: Queue;
  /** Also those that it has lost and does not know of. */
  claims: ClaimRef[];
  asleepUntilMs: number;
}

const leaseMs = 30_000;
const steps = 120;
const outcomes: readonly AttemptResult["outcome"][] = [
  { status: "passed" },
  { status: "failed", reason: "red" },
  { status: "errored", reason: "broken" },
  { status: "timed-out", reason: "slow", deadline: "attempt", limitMs: 1 },
  { status: "skipped", reason: "no", cause: "service" },
  { status: "cancelled", reason: "no", by: "person" },
];

/**
 * One life of a queue, decided by its seed alone: tasks come, workers claim, beat, end, give back, crash, sleep past their leases
 * and go on; people cancel, send back, pause and remove; the clock runs, leaps, and goes back. Throws where an answer of the
 * queue contradicts another, with all that had happened.
 */
export async function simulate(seed: number, make: (surroundings: QueueSurroundings) => Promise<QueueUnderTest>) {
  const simulation = new Simulation(seed);
  try {
    return await simulation.run(make);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const story = simulation.story.slice(-30).join("\n  ");
    throw new Error(`seed ${seed}: ${what}\nAPEX_TEST_SEED=${seed} tells it again; what came before:\n  ${story}`, {
      cause: error,
    });
  } finally {
    await simulation.close();
  }
}

class Simulation {
  readonly story: string[] = [];
  readonly #random: () => number;
  readonly #witness = new Witness();
  readonly #dead = new Set<number>();
  readonly #workers: Worker[] = [];
  readonly #opened: Queue[] = [];
  /** Claims whose result was told, to be told again. */
  readonly #told: ClaimRef[] = [];
  #nowMs = Date.UTC(2026, 0, 31);
  #pids = 0;
  #isPaused = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async run(make: (surroundings: QueueSurroundings) => Promise<QueueUnderTest>) {
    const { queue, another } = await make({
      now: () => this.#nowMs,
      random: this.#random,
      isProcessAlive: ({ pid }) => !this.#dead.has(pid),
    });
    this.#opened.push(queue);
    const count = 1 + this.#below(3);
    for (let index = 0; index < count; index += 1) await this.#hire(another);
    for (let step = 0; step < steps; step += 1) {
      this.#nowMs += this.#below(20_000);
      await this.#step(queue, another);
    }
    await this.#drain(queue);
    return { steps: this.story.length, tasks: this.#witness.tasks.size };
  }

  async close(): Promise<void> {
    for (const queue of this.#opened) await queue.close();
  }

  async #step(queue: Queue, another: () => Promise<Queue>): Promise<void> {
    const chance = this.#random();
    const worker = this.#one(this.#workers);
    if (chance < 0.25) return this.#enqueue(queue);
    if (chance < 0.45) return this.#claim(worker);
    if (chance < 0.58) return this.#beat(worker);
    if (chance < 0.72) return this.#complete(worker);
    if (chance < 0.76) return this.#release(worker);
    if (chance < 0.83) return this.#cancel(queue);
    if (chance < 0.86) return this.#redrive(queue);
    if (chance < 0.92) return this.#reap(queue);
    if (chance < 0.94) return this.#crash(worker, another);
    if (chance < 0.96) return this.#sleep(worker);
    if (chance < 0.98) return this.#moveClock();
    return this.#random() < 0.7 ? this.#pause(queue) : this.#prune(queue);
  }

  async #enqueue(queue: Queue): Promise<void> {
    const priority = (1 + this.#below(5)) as TaskPriority;
    const key = this.#random() < 0.2 ? { idempotencyKey: `key ${this.#below(8)}` } : {};
    const join = { fingerprint: `tree ${this.#below(3)}`, states: ["queued", "starting", "running"] as const };
    const task: NewTask = {
      ...{ spec: this.#spec(), priority, by: { kind: "program" }, ...key },
      ...(this.#random() < 0.2 ? { join } : {}),
      ...(this.#random() < 0.1 ? { supersedes: true } : {}),
    };
    const nowMs = this.#nowMs;
    const enqueued = await queue.enqueue(task);
    this.#tell(
      `enqueue ${enqueued.taskId} p${priority} new=${enqueued.created} instead of ${enqueued.superseded.join()}`,
    );
    this.#witness.enqueued(task, enqueued, nowMs);
  }

  async #claim(worker: Worker): Promise<void> {
    if (this.#isAsleep(worker)) return;
    const claims = await worker.queue.claim({ worker: worker.ref, leaseMs, max: 1 + this.#below(2) });
    this.#must(!this.#isPaused || claims.length === 0, "something is claimed while the queue is paused");
    for (const claim of claims) {
      this.#tell(`claim ${claim.taskId}/${claim.fence} by ${worker.ref.id}`);
      this.#witness.claimed(claim, this.#nowMs);
      // The answer may never have arrived; the lease then runs out.
      if (this.#random() < 0.95) worker.claims.push(claim);
    }
  }

  async #beat(worker: Worker): Promise<void> {
    if (this.#isAsleep(worker)) return;
    for (const claim of [...worker.claims]) {
      const answer = await worker.queue.heartbeat(claim, { leaseMs, progress: { isRunning: this.#random() < 0.5 } });
      this.#tell(`beat ${claim.taskId}/${claim.fence}: ${answer}`);
      if (this.#witness.tasks.has(claim.taskId)) this.#witness.beaten(claim, answer);
      if (answer === "lost") worker.claims = worker.claims.filter((other) => other !== claim);
      if (answer === "cancel-requested")
        await this.#settle(worker, claim, { status: "cancelled", reason: "asked", by: "person" });
    }
  }

  async #complete(worker: Worker): Promise<void> {
    const [claim] = worker.claims;
    // A network that delivers twice, or late.
    if (this.#random() < 0.15 && this.#told.length > 0)
      return this.#settle(worker, this.#one(this.#told), this.#one(outcomes));
    if (claim && !this.#isAsleep(worker)) await this.#settle(worker, claim, this.#one(outcomes));
  }

  async #settle(worker: Worker, claim: ClaimRef, outcome: AttemptResult["outcome"]): Promise<void> {
    const { taskId, fence } = claim;
    const result = { outcome, durationMs: 1, counts: noTests, ...(this.#random() < 0.1 ? { isFinal: true } : {}) };
    const answer = await worker.queue.complete(claim, result);
    const state = (await worker.queue.get(taskId))?.state ?? "gone";
    this.#tell(`complete ${taskId}/${fence} ${outcome.status}: ${answer}, ${state}`);
    if (this.#witness.tasks.has(taskId)) this.#witness.completed(claim, answer, state);
    else this.#must(answer === "stale", `${taskId} is gone and ${answer}`);
    this.#told.push(claim);
    worker.claims = worker.claims.filter((other) => other !== claim);
  }

  async #release(worker: Worker): Promise<void> {
    const [claim] = worker.claims;
    if (!claim || this.#isAsleep(worker)) return;
    const answer = await worker.queue.release(claim, { reason: "no room", delayMs: this.#below(2) * 10_000 });
    this.#tell(`release ${claim.taskId}/${claim.fence}: ${answer}`);
    if (this.#witness.tasks.has(claim.taskId)) this.#witness.released(claim, answer);
    worker.claims = worker.claims.slice(1);
  }

  async #cancel(queue: Queue): Promise<void> {
    const id = this.#anyTask();
    if (id === undefined) return;
    const answer = await queue.cancel(id, { by: { kind: "person" } });
    this.#tell(`cancel ${id}: ${answer}`);
    this.#witness.cancelled(id, answer);
  }

  async #redrive(queue: Queue): Promise<void> {
    const id = this.#anyTask();
    if (id === undefined) return;
    const answer = await queue.redrive(id, { kind: "person" });
    this.#tell(`redrive ${id}: ${answer}`);
    this.#witness.redriven(id, answer);
  }

  async #reap(queue: Queue): Promise<void> {
    for (const reaped of await queue.reap()) {
      this.#tell(`reap ${reaped.taskId}/${reaped.fence}: ${reaped.state}`);
      this.#witness.reaped(reaped, reaped.state);
    }
  }

  async #crash(worker: Worker, another: () => Promise<Queue>): Promise<void> {
    this.#tell(`${worker.ref.id} crashes`);
    this.#dead.add(worker.ref.process.pid);
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    await this.#hire(another);
  }

  async #sleep(worker: Worker): Promise<void> {
    worker.asleepUntilMs = this.#nowMs + this.#below(leaseMs * 4);
    this.#tell(`${worker.ref.id} sleeps`);
  }

  async #moveClock(): Promise<void> {
    const ms = this.#random() < 0.7 ? this.#below(3 * 3_600_000) : -this.#below(60_000);
    this.#nowMs += ms;
    this.#tell(`the clock moves by ${ms} ms`);
  }

  async #pause(queue: Queue): Promise<void> {
    this.#isPaused = !this.#isPaused;
    this.#tell(this.#isPaused ? "pause" : "resume");
    await (this.#isPaused ? queue.pause({ by: { kind: "person" } }) : queue.resume({ kind: "person" }));
  }

  async #prune(queue: Queue): Promise<void> {
    for (const id of await queue.prune({ keep: 2 + this.#below(4) })) {
      this.#tell(`prune ${id}`);
      this.#witness.pruned(id);
    }
  }

  /** Nothing goes wrong any more: everything must come to an end, and be there. */
  async #drain(queue: Queue): Promise<void> {
    await queue.resume({ kind: "person" });
    this.#isPaused = false;
    for (const worker of this.#workers) worker.asleepUntilMs = 0;
    const isOpen = (): boolean => [...this.#witness.tasks.values()].some(({ isOver }) => !isOver);
    for (let round = 0; isOpen(); round += 1) {
      this.#must(round < 200, "the queue does not come to an end");
      this.#nowMs += 60_000;
      await this.#reap(queue);
      for (const worker of this.#workers) {
        await this.#claim(worker);
        for (const claim of [...worker.claims]) await this.#settle(worker, claim, { status: "passed" });
      }
    }
    await this.#checkBooks(queue);
  }

  async #checkBooks(queue: Queue): Promise<void> {
    const { items } = await queue.list({}, { order: "urgency", limit: 10_000 });
    const missing = [...this.#witness.tasks.keys()].filter((id) => !items.some((task) => task.id === id));
    this.#must(missing.length === 0, `lost: ${missing.join()}`);
    this.#must(items.length === this.#witness.tasks.size, "there are tasks that nobody has queued");
    const { byState, active } = await queue.stats();
    for (const [state, count] of Object.entries(byState)) {
      const listed = items.filter((task) => task.state === state).length;
      this.#must(listed === count, `${count} are said to be ${state}, and ${listed} are`);
    }
    this.#must(active.length === 0, `still active: ${active.join()}`);
  }

  async #hire(another: () => Promise<Queue>): Promise<void> {
    this.#pids += 1;
    const queue = await another();
    this.#opened.push(queue);
    const ref = { id: `worker ${this.#pids}`, process: { pid: this.#pids, place: "here" } };
    this.#workers.push({ ref, queue, claims: [], asleepUntilMs: 0 });
  }

  #spec(): NewTask["spec"] {
    const lists = { servicesRequired: [], additionalArgs: [] };
    return {
      ...{ category: this.#one(["e2e", "api"]), environment: this.#one(["test", "staging"]), projectRoot: "/p" },
      ...{ maxRetries: this.#below(3), ...lists, envVars: {}, useRealServices: false, useRealLlm: false },
    };
  }

  #anyTask(): string | undefined {
    const ids = [...this.#witness.tasks.keys()];
    return ids.length > 0 ? this.#one(ids) : undefined;
  }

  #isAsleep({ asleepUntilMs }: Worker): boolean {
    return asleepUntilMs > this.#nowMs;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #one<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }

  #tell(what: string): void {
    this.story.push(what);
  }

  #must(holds: boolean, message: string): void {
    if (!holds) throw new Error(message);
  }
}
