import { describeThrown } from "@netra-apex/core";
import { newTask } from "../enqueue/new-task.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import { taskPriorities } from "../queue/task.ts";
import { type DueSchedule, planSchedule } from "../schedule/plan-schedule.ts";
import { readFact, type WorkerSettings, writeFact } from "../settings.ts";
import { takeSnapshot } from "../snapshot/take-snapshot.ts";

/** After something went wrong it is tried again. */
const retryMs = 60_000;

/**
 * Queues what is due by its schedule, each once, however often and by whomever this is called. Returns the time before which nothing
 * more is due, milliseconds since 1970. Never throws.
 */
export async function runSchedules(queue: FileQueue, nowMs: number, log: (line: string) => void): Promise<number> {
  const settings = readFact(queue.database, "settings");
  if (!settings || settings.schedule.length === 0) return nowMs + retryMs;
  try {
    const remembered = readFact(queue.database, "schedules") ?? {};
    const { due, nextMs, memory } = await planSchedule(settings.schedule, remembered, nowMs);
    const failed = new Set<string>();
    for (const one of due) {
      try {
        await enqueueDue(queue, settings, one, log);
      } catch (error) {
        failed.add(one.name);
        log(`the schedule ${one.name} could not be queued: ${describeThrown(error)}`);
      }
    }
    // What could not be queued is due still; what was in part is not queued twice, by its key.
    const kept = Object.entries(memory).map(
      ([name, now]) => [name, failed.has(name) ? remembered[name] : now] as const,
    );
    await writeFact(
      queue.database,
      "schedules",
      Object.fromEntries(kept.filter(([, now]) => now !== undefined)) as typeof memory,
    );
    // Somebody may have changed the config by then.
    return Math.min(nextMs ?? Number.POSITIVE_INFINITY, nowMs + retryMs);
  } catch (error) {
    log(`what is scheduled could not be queued: ${describeThrown(error)}`);
    return nowMs + retryMs;
  }
}

async function enqueueDue(
  queue: FileQueue,
  { projectRoot, config, ownPlaces }: WorkerSettings,
  { name, key, schedule }: DueSchedule,
  log: (line: string) => void,
): Promise<void> {
  const { priority, categories, isSnapshot } = schedule;
  const snapshot = isSnapshot
    ? await takeSnapshot(projectRoot, { id: `s${Date.now().toString(36)}`, own: ownPlaces })
    : undefined;
  for (const category of categories) {
    const options = {
      idempotencyKey: `${key}:${category}`,
      ...(priority === undefined ? {} : { priority: taskPriorities[priority] }),
    };
    const { taskId, created } = await queue.enqueue(
      newTask(category, options, {
        projectRoot,
        environment: "test",
        by: { kind: "schedule", name },
        env: process.env,
        ...(config === undefined ? {} : { config }),
        ...(snapshot ? { snapshot } : {}),
      }),
    );
    if (created) log(`${taskId}: queued by the schedule ${name}`);
  }
}
