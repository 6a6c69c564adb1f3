import process from "node:process";
import { delay, systemClock } from "@netra-apex/core";
import { endAbandoned, processesWithVariable } from "@netra-apex/runner";
import { endProcess } from "../daemon/end-process.ts";
import type { TaskView } from "../queue/queue-backend.ts";

/** The guard of an attempt's tests ends them within its grace, five seconds. */
const usualPatienceMs = 15_000;
const lookMs = 50;
/** What outlives SIGKILL for as long belongs to another user, or hangs in the kernel. */
const surrenderMs = 5_000;

/** What is left of attempts that nobody waits for any more. */
export interface Remains {
  /** Only of attempts before this one. */
  readonly beforeFence?: number;
  readonly patienceMs?: number;
}

/**
 * Resolves when nothing runs any more that a task's attempts have started, the processes of the attempts included. Their guards end
 * it, as a rule; what a guard has left that was killed itself is ended here, and what nobody has ended in time is killed. False
 * when even that did not help. Where no process's environment can be read, only the attempts' own processes are ended.
 */
export async function endRemains(
  { id, attempts }: Pick<TaskView, "id" | "attempts">,
  { beforeFence = Number.POSITIVE_INFINITY, patienceMs = usualPatienceMs }: Remains = {},
): Promise<boolean> {
  const ends = attempts.map(async ({ fence, worker, status }) => {
    // One that was only claimed has the worker itself as its holder.
    const isAttempt = worker.id.startsWith(`${id}.${fence}.`) && worker.process?.pid !== process.pid;
    if (!isAttempt || !worker.process || fence >= beforeFence) return;
    // One that has come to an end by itself is about to leave: it tells those who want to know, and tidies up.
    await endProcess(worker.process, status === "lost" ? 0 : patienceMs);
  });
  await Promise.all(ends);
  const marked = (): number[] => markedProcesses(id, beforeFence);
  if (await isNobodyWithin(marked, 2 * lookMs)) return true;
  await endAbandoned();
  if (await isNobodyWithin(marked, patienceMs)) return true;
  const deadline = Date.now() + surrenderMs;
  do {
    for (const pid of marked()) kill(pid);
    if (await isNobodyWithin(marked, lookMs)) return true;
  } while (Date.now() < deadline);
  return false;
}

async function isNobodyWithin(marked: () => number[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    // Twice, as a process has no environment for a moment while it becomes another program.
    if (marked().length === 0 && marked().length === 0) return true;
    if (Date.now() >= deadline) return false;
    await delay(systemClock, lookMs);
  }
}

/** Processes that carry the mark of one of the attempts. */
function markedProcesses(id: string, beforeFence: number): number[] {
  if (process.platform !== "linux") return [];
  return processesWithVariable("APEX_TASK").flatMap(({ pid, value }) => {
    const [taskId, fence] = value.split(/\.(?=\d+$)/);
    return taskId === id && Number(fence) < beforeFence && pid !== process.pid ? [pid] : [];
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone in between.
  }
}
