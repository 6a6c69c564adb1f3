import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describeThrown, isApexError, noTests, delay, systemClock } from "@netra-apex/core";
import { wake } from "../daemon/wake.ts";
import { logOfWorker } from "../daemon/worker-log.ts";
import { readPace } from "../daemon/worker-pace.ts";
import { endRemains } from "../control/end-remains.ts";
import { attemptLog, openQueueAt, type QueuePlace, queuePlace, snapshotDirectory } from "../place.ts";
import { notNow, restoreEnvironment } from "../programs.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import type { ClaimRef } from "../queue/queue-backend.ts";
import type { AttemptResult } from "../queue/task.ts";
import { settleTask } from "../results/settle-task.ts";
import { AttemptLog } from "./attempt-log.ts";
import { AttemptProgress } from "./attempt-progress.ts";
import { Lease } from "./lease.ts";
import { runAttempt } from "./run-attempt.ts";
import { provideCode } from "./provide-code.ts";

/*
 * One attempt of one task, as a process of its own: it holds the lease itself, hands in the result itself, and so survives the
 * worker that has started it. When it is killed, the guard of its tests ends them, and the lease passes on.
 *
 * Arguments: the store's directory, the task's id, the claim's fence, the version of apex, and in tests a pace.
 */

/** How long a result is tried to be handed in to a queue that cannot be written to. */
const handInMs = 10 * 60_000;

async function main([store = "", taskId = "", fence = "", version, paceArgument]: readonly string[]): Promise<void> {
  restoreEnvironment();
  const pace = readPace(paceArgument);
  const place = queuePlace(store);
  const claim = { taskId, fence: Number(fence) };
  const { backoff } = pace;
  const queue = await openQueueAt(place, backoff ? { backoff } : {});
  const lease = new Lease(queue, place, claim, pace);
  const log = new AttemptLog(attemptLog(place, taskId, claim.fence));
  // A person's own work goes first.
  try {
    os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It may not be given away everywhere.
  }
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => lease.stop("the worker was stopped"));
  const task = await queue.get(taskId);
  if (!task) return;
  const progress = new AttemptProgress(task.spec.category, () => lease.changed());
  await lease.take(() => progress.current);
  const leaveBroken = async (error: Error): Promise<void> => {
    const reason = `a part of the run broke outside of it: ${describeThrown(error)}`;
    log.say(error.stack ?? reason);
    try {
      await hand(queue, place, claim, { outcome: { status: "errored", reason }, durationMs: 0, counts: noTests });
    } finally {
      process.exit(1);
    }
  };
  process.on("uncaughtException", (error) => void leaveBroken(error));
  log.say(`attempt ${task.attempts.length} of ${taskId}, ${new Date().toISOString()}`);

  // One that was thought dead, or has broken, may have left tests behind that still run.
  await endRemains(task, { beforeFence: claim.fence });
  const code = await provideCode(task, path.join(snapshotDirectory(place), `${taskId}.${fence}`));
  try {
    const result =
      "problem" in code
        ? ({
            outcome: { status: "errored", reason: code.problem },
            durationMs: 0,
            counts: noTests,
            isFinal: true,
          } as const)
        : await runAttempt({
            task,
            lease,
            progress,
            log,
            store,
            projectRoot: code.projectRoot,
            ...(code.config === undefined ? {} : { config: code.config }),
            ...(version === undefined ? {} : { apexVersion: version }),
          });
    const { end } = lease;
    if (end?.kind === "released") await queue.release(claim, { reason: end.reason, delayMs: 0 });
    else if (end?.kind !== "lost") await hand(queue, place, claim, result);
  } finally {
    lease.close();
    await code.release();
    log.end();
    wake(place);
    await queue.close();
  }
}

/** Hands the result in, and tells whoever wants to know, once it is the task's. */
async function hand(queue: FileQueue, place: QueuePlace, claim: ClaimRef, result: AttemptResult): Promise<void> {
  const answer = await completeWithin(queue, claim, result, handInMs);
  wake(place);
  if (answer !== "stored") return;
  const task = await queue.get(claim.taskId);
  if (task) await settleTask(queue, place, task, (line) => logOfWorker(place, line));
}

/** The lease goes on meanwhile, as far as the queue can be used: a result may be worth an hour. */
async function completeWithin(queue: FileQueue, claim: ClaimRef, result: AttemptResult, withinMs: number) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await queue.complete(claim, result);
    } catch (error) {
      if (Date.now() >= deadline || !isTemporary(error)) throw error;
      await delay(systemClock, 1_000);
    }
  }
}

/** A lock that somebody holds for long, or a disk that is full. */
function isTemporary(error: unknown): boolean {
  return isApexError(error) && ["APEX_STORE_BUSY", "APEX_STORE_FULL"].includes(error.code);
}

main(process.argv.slice(2)).then(
  // Nothing that a test or a plugin has left open keeps it.
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(isTemporary(error) ? notNow : 70);
  },
);
