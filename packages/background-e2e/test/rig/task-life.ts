import { noTests } from "@netra-apex/core";
import { type Claim, type NewTask, openQueue, type OpenQueueOptions, type TaskView } from "../../src/index.ts";

const person = { kind: "person" } as const;
const leaseMs = 30_000;
const startMs = Date.UTC(2026, 0, 31);

/** Keys of the three tasks of a life, and what becomes of each. */
export const endsOfLife = { retried: "completed", plain: "completed", unwanted: "cancelled" } as const;

/**
 * Lives the lives of three tasks from wherever they are, to their ends: whoever was interrupted in it can do it again. Returns the
 * tasks by their keys.
 */
export async function liveTasks(options: OpenQueueOptions): Promise<Record<keyof typeof endsOfLife, TaskView>> {
  // Each that comes after another finds all leases over.
  let nowMs = startMs + (lives += 1) * leaseMs * 100;
  const queue = await openQueue({ ...options, now: () => nowMs, random: Math.random });
  try {
    const add = async (key: string, task: Partial<NewTask> = {}): Promise<string> =>
      (await queue.enqueue(taskOf(key, task))).taskId;
    const ids = { retried: await add("retried"), plain: await add("plain"), unwanted: await add("unwanted") };
    await queue.cancel(ids.unwanted, { by: person });
    for (;;) {
      const { byState } = await queue.stats();
      if (byState.completed + byState.cancelled === 3) break;
      const [claim] = await queue.claim({ worker: { id: `life ${lives}` }, leaseMs, max: 1 });
      if (claim) await work(queue, claim);
      else await queue.reap();
      nowMs += leaseMs * 2;
    }
    const views = await Promise.all(Object.entries(ids).map(async ([key, id]) => [key, await queue.get(id)] as const));
    return Object.fromEntries(views) as Record<keyof typeof endsOfLife, TaskView>;
  } finally {
    await queue.close();
  }
}

let lives = 0;

async function work(queue: Awaited<ReturnType<typeof openQueue>>, { task, ...claim }: Claim): Promise<void> {
  await queue.heartbeat(claim, { leaseMs, progress: { isRunning: true } });
  const isFirst = task.spec.category === "retried" && task.spent === 0;
  const outcome = isFirst ? ({ status: "failed", reason: "red" } as const) : ({ status: "passed" } as const);
  await queue.complete(claim, { outcome, durationMs: 1, counts: noTests });
}

function taskOf(key: string, task: Partial<NewTask>): NewTask {
  return {
    spec: {
      ...{ category: key, environment: "test", projectRoot: "/p", maxRetries: 1, servicesRequired: [] },
      ...{ additionalArgs: [], envVars: {}, useRealServices: false, useRealLlm: false },
    },
    ...{ priority: 3, by: person, idempotencyKey: key, env: { TOKEN: "secret" } },
    ...task,
  };
}
