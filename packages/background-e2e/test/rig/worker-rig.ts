import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Config, loadConfig } from "@netra-apex/core";
import { frameworkNames, processesWithVariable } from "@netra-apex/runner";
import { storeDirectory } from "@netra-apex/store";
import { expect, onTestFinished, vi } from "vitest";
import { usualPace, type WorkerPace } from "../../src/daemon/worker-pace.ts";
import type { FileQueue, OpenQueueOptions, QueuePlace, TaskOptions, TaskView } from "../../src/index.ts";
import { isRunning } from "../is-running.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import type { Built } from "./built-programs.ts";

/** A pace at which nobody waits long for anything. */
export const quickPace: WorkerPace = {
  ...usualPace,
  ...{ leaseMs: 2_000, renewMs: 400, tellMs: 100, beatMs: 200, silenceMs: 2_000, stopGraceMs: 8_000 },
  backoff: { baseMs: 50, capMs: 200 },
};

/** A project in a directory of its own, with a queue, and whatever was started for it. */
export interface WorkerRig {
  readonly root: string;
  readonly place: QueuePlace;
  readonly queue: FileQueue;
  /** Reads it as it is now. */
  config(): Promise<Config>;
  /** Queues a category, and starts nobody. */
  enqueue(category: string, options?: TaskOptions & { readonly isSnapshot?: boolean }): Promise<string>;
  /** Starts a worker daemon at the quick pace. */
  startDaemon(options?: { readonly pace?: Partial<WorkerPace>; readonly version?: string }): ChildProcess;
  /** Resolves with the task once it is as wanted; fails the test when it is not in time. */
  until(taskId: string, isThere: (task: TaskView) => boolean, withinMs?: number): Promise<TaskView>;
  /** Resolves with the task once it is over. */
  end(taskId: string, withinMs?: number): Promise<TaskView>;
  /** Processes that carry the mark of one of its tasks. */
  marked(taskId?: string): Promise<{ pid: number; value: string }[]>;
  workerLog(): string;
  write(file: string, text: string): void;
  exported(taskId: string): Record<string, unknown>;
}

/** What a rig is made of. */
export interface RigOptions {
  /** By name: the command, as YAML writes it, and what else there is to say. */
  readonly categories: Readonly<Record<string, string>>;
  /** Lines of the config beside the categories. */
  readonly config?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly queue?: Omit<OpenQueueOptions, "file">;
  readonly directory?: string;
}

/** Makes a project. When the test has finished nothing that was started for it is left, or it has failed. */
export async function workerRig({ api, directory: programs }: Built, options: RigOptions): Promise<WorkerRig> {
  const base = temporaryDirectory();
  for (const name of ["XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"]) vi.stubEnv(name, path.join(base, name));
  const root = path.join(base, options.directory ?? "project");
  mkdirSync(root, { recursive: true });
  const write = (file: string, text: string): void => {
    const full = path.join(root, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  };
  write("apex.yaml", configText(options));
  for (const [file, text] of Object.entries(options.files ?? {})) write(file, text);
  const config = (): Promise<Config> => loadConfig({ cwd: root, frameworks: frameworkNames });
  const place = api.queuePlace(storeDirectory(await config()));
  const queue = await api.openQueueAt(place, options.queue);
  const workerLog = (): string => {
    try {
      return readFileSync(place.workerLog, "utf8");
    } catch {
      return "";
    }
  };
  const daemons: number[] = [];
  const ids = new Set<string>();
  const until: WorkerRig["until"] = async (taskId, isThere, withinMs = 15_000) => {
    const task = await api.waitForTask(queue, place, taskId, { until: isThere, withinMs });
    if (task && isThere(task)) return task;
    throw new Error(
      `${taskId} is ${task?.state ?? "unknown"} (${task?.reason ?? ""}) after ${withinMs} ms\n${workerLog()}`,
    );
  };
  const marked: WorkerRig["marked"] = async (taskId) => {
    if (taskId === undefined) {
      const { items } = await queue.list({}, { order: "newest", limit: 1_000 });
      for (const { id } of items) ids.add(id);
    }
    return processesWithVariable("APEX_TASK").filter(({ value }) => {
      const [id = ""] = value.split(/\.(?=\d+$)/);
      return taskId === undefined ? ids.has(id) : id === taskId;
    });
  };
  onTestFinished(async () => {
    const started = [...workerLog().matchAll(/started, pid (\d+)/g)].map(([, pid]) => Number(pid));
    const ours = [...new Set([...daemons, ...started])].filter((pid) => isRunning(pid) && isOf(pid, place.store));
    for (const pid of ours) signal(pid, "SIGCONT");
    for (const pid of ours) signal(pid, "SIGTERM");
    await vi.waitUntil(() => !ours.some(isRunning), { timeout: 10_000 }).catch(() => undefined);
    for (const pid of ours) signal(pid, "SIGKILL");
    await vi.waitUntil(async () => (await marked()).length === 0, { timeout: 3_000 }).catch(() => undefined);
    const left = await marked();
    for (const { pid } of left) signal(pid, "SIGKILL");
    await queue.close();
    vi.unstubAllEnvs();
    expect(left, "processes that were left").toEqual([]);
  });
  return {
    ...{ root, place, queue, config, workerLog, write, until, marked },
    async enqueue(category, { isSnapshot = false, ...taskOptions } = {}) {
      const [task] = await api.enqueueCategories(queue, await config(), {
        categories: [category],
        options: { isSeparate: true, ...taskOptions },
        isSnapshot,
        by: { kind: "person" },
        env: process.env,
      });
      api.wake(place);
      ids.add(task?.taskId ?? "");
      return task?.taskId ?? "";
    },
    startDaemon({ pace = {}, version = "1.0.0" } = {}) {
      const args = [
        path.join(programs, "daemon-main.js"),
        place.store,
        version,
        JSON.stringify({ ...quickPace, ...pace }),
      ];
      const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore", detached: true });
      if (child.pid !== undefined) daemons.push(child.pid);
      return child;
    },
    end: (taskId, withinMs) => until(taskId, api.isFinal, withinMs),
    exported: (taskId) =>
      JSON.parse(readFileSync(path.join(root, "test_reports/background_e2e", `${taskId}.json`), "utf8")) as Record<
        string,
        unknown
      >,
  };
}

function configText({ categories, config = "" }: RigOptions): string {
  const lines = Object.entries(categories).map(([name, text]) => `  ${name}: { ${text} }`);
  const layer = `layers:\n  later: { background_execution: true, categories: [${Object.keys(categories).join(", ")}] }`;
  return ["extends: none", layer, "categories:", ...lines, config, ""].join("\n");
}

/** Whether a process is one of those that were started for a store. */
function isOf(pid: number, store: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(store);
  } catch {
    return false;
  }
}

/** Sends a signal to a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
