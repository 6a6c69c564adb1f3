import { mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { keepOutOfGit } from "@netra-apex/store";
import { databasePlace } from "@netra-apex/store/sql";
import { type FileQueue, openQueue, type OpenQueueOptions } from "./queue/open-queue.ts";
import type { TaskId } from "./queue/task.ts";

/** Where a project's background queue keeps its files. */
export interface QueuePlace {
  /** The store of the project (`.apex`). */
  readonly store: string;
  /** The database. */
  readonly file: string;
  /** What belongs to the worker: its log, the file that wakes it, the attempts. */
  readonly directory: string;
  readonly workerLog: string;
}

/** The queue's files within a store; its database is where a store's can be, beside that of the history. */
export function queuePlace(store: string): QueuePlace {
  const directory = path.join(store, "background");
  const file = path.join(path.dirname(databasePlace(store).file), "queue.db");
  return { store, file, directory, workerLog: path.join(directory, "worker.log") };
}

/** Opens a project's queue, which is not for its repository. Throws `StoreError`. */
export async function openQueueAt(
  { store, file }: QueuePlace,
  options: Omit<OpenQueueOptions, "file"> = {},
): Promise<FileQueue> {
  const queue = await openQueue({ ...options, file });
  keepOutOfGit(store);
  return queue;
}

/** Where an attempt keeps its files. It has one of its own, so that one that was thought dead cannot mix its own into the next one's. */
export function attemptDirectory({ directory }: QueuePlace, taskId: TaskId, fence: number): string {
  return path.join(directory, taskId, String(fence));
}

/**
 * Where snapshots are checked out: in the user's cache (`$XDG_CACHE_HOME`, `~/.cache`), for test frameworks and editors look into every
 * directory of a project.
 */
export function snapshotDirectory({ store }: QueuePlace, env: NodeJS.ProcessEnv = process.env): string {
  const cache = env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  const absolute = path.resolve(store);
  // Its name is for people; two projects may share that.
  const hash = process.getBuiltinModule("node:crypto").hash("sha256", absolute).slice(0, 16);
  const name = path
    .basename(path.dirname(absolute))
    .replaceAll(/[^\w.-]+/g, "-")
    .slice(0, 40);
  return path.join(cache, "netra-apex", "snapshots", `${name}-${hash}`);
}

/** What the tests of an attempt wrote, and what became of them. */
export function attemptLog(place: QueuePlace, taskId: TaskId, fence: number): string {
  return path.join(attemptDirectory(place, taskId, fence), "output.log");
}

/** Makes the directory for the worker's files. Throws what the file system throws. */
export function makeQueueDirectory({ directory }: QueuePlace): void {
  mkdirSync(directory, { recursive: true });
}
