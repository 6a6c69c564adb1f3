import path from "node:path";
import {
  type Agent,
  type AgentContext,
  type AgentHost,
  type AgentMessage,
  type AgentReport,
  type Config,
  type Outcome,
  loadConfig,
  SelectionError,
} from "@netra-apex/core";
import { frameworkNames } from "@netra-apex/runner";
import { storeDirectory } from "@netra-apex/store";
import { cancelTask, waitForTask } from "../control/cancel-task.ts";
import { ensureDaemon } from "../daemon/ensure-daemon.ts";
import { QueueWorker } from "../daemon/queue-worker.ts";
import { enqueueCategories } from "../enqueue/enqueue-tasks.ts";
import { openQueueAt, type QueuePlace, queuePlace } from "../place.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import type { TaskId } from "../queue/task.ts";
import { findTask } from "../results/find-task.ts";
import { type QueueStatus, readQueueStatus, type TaskStatus, taskStatus } from "../results/queue-status.ts";
import { exportedResult, type ExportedResult, finalStates, isFinal } from "../results/task-result.ts";
import { type E2ETestConfig, taskOptionsOf } from "./e2e-test-config.ts";
import { packageVersion } from "./package-version.ts";

/** The name under which plans find it. */
export const backgroundE2EAgentName = "background-e2e";

/** Where tasks are queued, and who runs them. */
export interface BackgroundE2EAgentOptions {
  /** The project, or any directory in it. */
  readonly projectRoot: string;
  /** A config file instead of the one that is found; relative to `projectRoot`. */
  readonly config?: string;
  /** `test` by default. */
  readonly environment?: string;
  /**
   * Who runs what is queued: a `daemon` that outlives this process (the default), this process itself for as long as it is not stopped
   * (`own`), or somebody else (`none`). There is one worker in a project: the first.
   */
  readonly worker?: "daemon" | "own" | "none";
}

/** What the agent does as a node of a plan. */
export interface BackgroundE2EInput extends E2ETestConfig {
  readonly category: string;
  /** The node ends with the task, and as it does; else as soon as it is queued. */
  readonly wait?: boolean;
}

/**
 * The background queue of a project, for programs: queues long suites, tells how they are, and finds their results. Also an agent of
 * the engine, whose node queues a category. It is ready after `start`, and `stop` (or `await using`) lets go of it; what was queued stays.
 */
export class BackgroundE2EAgent implements Agent<BackgroundE2EInput, AgentReport>, AsyncDisposable {
  readonly name = backgroundE2EAgentName;
  readonly description = "queues end-to-end suites and tells how they end";
  readonly limits = { timeoutMs: Number.POSITIVE_INFINITY };
  readonly #options: BackgroundE2EAgentOptions;
  #opened: Promise<Opened> | undefined;
  #worker: OwnWorker | undefined;

  constructor(options: BackgroundE2EAgentOptions) {
    this.#options = options;
  }

  /** Reads the config and opens the queue; with `worker: "own"`, also begins to run what is queued. Throws `ConfigError`, `StoreError`. */
  async start(_host?: AgentHost): Promise<void> {
    const { queue, place } = await this.#open();
    if (this.#options.worker !== "own" || this.#worker) return;
    const worker = new QueueWorker({ queue, place, version: packageVersion(), log: () => undefined, isLasting: true });
    const own: OwnWorker = { worker, done: worker.run(), isWorking: true };
    // There is another one already, or the queue cannot be used: what is queued is for whoever runs it.
    const leave = (): void => void (own.isWorking = false);
    own.done.then(leave, leave);
    this.#worker = own;
  }

  /** Closes the queue. What the own worker runs goes back into it; a daemon goes on. */
  async stop(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    const own = this.#worker;
    this.#worker = undefined;
    own?.worker.stop("stop");
    await own?.done.catch(() => undefined);
    await (await opened?.catch(() => undefined))?.queue.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Queues a category, and makes sure that somebody runs it. The id is on the disk when it resolves; a task that is the same and has not
   * started is joined. Throws `SelectionError`, `TaskInvalidError`, `SnapshotError` or `StoreError`.
   */
  async queueE2ETest(category: string, config: E2ETestConfig = {}): Promise<TaskId> {
    const { queue, place } = await this.#open();
    const [task] = await enqueueCategories(queue, await this.#config(config.environment), {
      categories: [category],
      options: taskOptionsOf(config),
      isSnapshot: config.snapshot ?? false,
      by: { kind: "program" },
      env: process.env,
      ...this.#configFile(),
    });
    if (!task) throw new SelectionError("no category was named");
    if (this.#worker?.isWorking) this.#worker.worker.nudge();
    else if (this.#options.worker !== "none")
      await ensureDaemon(queue, place, { version: packageVersion(), isAsked: true });
    return task.taskId;
  }

  /** How a task is; its id may be a part of it, or `latest`. Throws `TaskNotFoundError`. */
  async getTaskStatus(taskId: string): Promise<TaskStatus> {
    const { queue, place } = await this.#open();
    return taskStatus(await findTask(queue, taskId), place);
  }

  /** How the queue is. */
  async getQueueStatus(): Promise<QueueStatus> {
    const { queue, place } = await this.#open();
    return readQueueStatus(queue, place);
  }

  /** The tasks that ended last, newest first. */
  async getRecentResults(limit = 10): Promise<ExportedResult[]> {
    const { queue, place } = await this.#open();
    const { items } = await queue.list({ states: [...finalStates] }, { order: "newest", limit });
    return items.map((task) => exportedResult(task, place));
  }

  /** Cancels a task; false when it was over. Nothing of it runs any more when this resolves. Throws `TaskNotFoundError`. */
  async cancel(taskId: string): Promise<boolean> {
    const { queue, place } = await this.#open();
    const { id } = await findTask(queue, taskId);
    return (await cancelTask(queue, place, id, { by: { kind: "program" } })).kind === "cancelled";
  }

  /** Resolves with the result once the task is over. Throws `TaskNotFoundError`, and the signal's reason. */
  async waitFor(taskId: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ExportedResult> {
    const { queue, place } = await this.#open();
    return exportedResult(await this.#wait(queue, place, taskId, signal), place);
  }

  /** Queues the category of a node; its outcome is the task's where it waits for it. */
  async execute(
    { category, wait = false, ...config }: BackgroundE2EInput,
    context: AgentContext,
  ): Promise<AgentReport> {
    const taskId = await this.queueE2ETest(category, config);
    context.think(`queued ${taskId}`);
    if (!wait) return { outcome: { status: "passed" } };
    const { queue, place } = await this.#open();
    const onAbort = (): void => void this.cancel(taskId).catch(() => undefined);
    context.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const task = await this.#wait(queue, place, taskId);
      return { outcome: outcomeOf(task), ...(task.result ? { counts: task.result.counts } : {}) };
    } finally {
      context.signal.removeEventListener("abort", onAbort);
    }
  }

  /** Answers `queue`, `status`, `results` and `cancel` of other agents. */
  async handleMessage({ topic, payload }: AgentMessage): Promise<unknown> {
    const asked = (payload ?? {}) as Partial<BackgroundE2EInput> & {
      readonly task_id?: string;
      readonly limit?: number;
    };
    switch (topic) {
      case "queue": {
        const { category, wait: _, ...config } = asked;
        return this.queueE2ETest(category ?? "", config);
      }
      case "status":
        return asked.task_id === undefined ? this.getQueueStatus() : this.getTaskStatus(asked.task_id);
      case "results":
        return this.getRecentResults(asked.limit);
      case "cancel":
        return this.cancel(asked.task_id ?? "");
      default:
        return undefined;
    }
  }

  async #wait(queue: FileQueue, place: QueuePlace, reference: string, signal?: AbortSignal): Promise<TaskView> {
    const { id } = await findTask(queue, reference);
    const task = await waitForTask(queue, place, id, { until: isFinal, ...(signal ? { signal } : {}) });
    signal?.throwIfAborted();
    return task ?? findTask(queue, id);
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#openQueue();
    return this.#opened;
  }

  async #openQueue(): Promise<Opened> {
    const config = await this.#config();
    const place = queuePlace(storeDirectory(config));
    return { queue: await openQueueAt(place), place };
  }

  /** Read each time: it may have been changed since, and a task is about the present one. */
  #config(environment = this.#options.environment): Promise<Config> {
    const { projectRoot, config: file } = this.#options;
    return loadConfig({
      cwd: path.resolve(projectRoot),
      frameworks: frameworkNames,
      ...(file === undefined ? {} : { file }),
      ...(environment === undefined ? {} : { environment }),
    });
  }

  #configFile(): { readonly configFile?: string } {
    const { projectRoot, config } = this.#options;
    return config === undefined ? {} : { configFile: path.resolve(projectRoot, config) };
  }
}

/** The worker that this process is. */
interface OwnWorker {
  readonly worker: QueueWorker;
  readonly done: Promise<unknown>;
  isWorking: boolean;
}

interface Opened {
  readonly queue: FileQueue;
  readonly place: QueuePlace;
}

function outcomeOf({ id, state, result, reason = state }: TaskView): Outcome {
  if (state === "lost")
    return { status: "errored", reason: `${id} was lost: ${reason}`, failureClass: "infrastructure" };
  if (state === "cancelled") return { status: "cancelled", by: "person", reason: `${id}: ${reason}` };
  return result?.outcome ?? { status: "errored", reason: `${id} has no result` };
}
