import { type QueueStatus, readQueueStatus } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import { Store } from "@netra-apex/store";
import { say } from "../table.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { keepGoing, withBackground } from "./open-background.ts";
import { statusView } from "./status-view.ts";

/** `apex bg status`: what runs in the background, and what waits, in its order; or all about one task. */
export async function backgroundStatusCommand(options: BackgroundOptions, reference?: string): Promise<number> {
  if (reference !== undefined) return (await import("./show.ts")).showCommand(reference, options);
  if (options.watch) return (await import("./watch.ts")).watchCommand(options);
  const status = await withBackground(options, async (background) => {
    const { queue, place, directory, environment } = background;
    await keepGoing(background);
    return readQueueStatus(queue, place, { expectedMs: await expectedDurations(directory, environment) });
  });
  const width = process.stdout.isTTY ? process.stdout.columns : undefined;
  say(options.json, status ?? nothingQueued, () => statusView(status ?? nothingQueued, { width }));
  return exitCodes.passed;
}

/** How long categories took when they passed, in milliseconds, as far as the history tells. Never throws. */
export async function expectedDurations(directory: string, environment: string): Promise<ReadonlyMap<string, number>> {
  let store: Store | undefined;
  try {
    store = await Store.openToRead(directory);
    const stats = store?.categoryStats(environment) ?? [];
    return new Map(stats.flatMap(({ category, p50Ms }) => (p50Ms === undefined ? [] : [[category, p50Ms] as const])));
  } catch {
    return new Map();
  } finally {
    store?.close();
  }
}

/** Of a project in which nothing was ever queued. */
export const nothingQueued: QueueStatus = {
  version: 1,
  agent_running: false,
  worker: null,
  stopped: false,
  paused: null,
  concurrency: 1,
  queued_tasks: 0,
  active_tasks: 0,
  queued_by_category: {},
  active_task_ids: [],
  by_status: {
    queued: 0,
    starting: 0,
    running: 0,
    "retry-wait": 0,
    completed: 0,
    failed: 0,
    "timed-out": 0,
    cancelled: 0,
    lost: 0,
  },
  tasks: [],
};
