import {
  DaemonSeat,
  type FileQueue,
  logOfWorker,
  QueueWorker,
  type QueuePlace,
  wake,
  writeFact,
} from "@netra-apex/background-e2e";
import { exitCodes, delay, systemClock } from "@netra-apex/core";
import { say } from "../table.ts";
import { apexVersion } from "../version.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { withBackground } from "./open-background.ts";

/** `apex bg stop`: returns when the worker is gone. What ran is queued again, or has ended if that was asked for. */
export async function stopCommand(options: BackgroundOptions): Promise<number> {
  const stopped = await withBackground(options, async ({ queue, place }) => {
    await writeFact(queue.database, "stopped", { atMs: Date.now() });
    const seat = new DaemonSeat(queue.database);
    const holder = seat.holder();
    if (holder) {
      await seat.requestStop(holder.id, options.finish ? "finish" : "stop");
      wake(place);
      while (seat.holder()?.id === holder.id) await delay(systemClock, 50);
    }
    const { active } = await queue.stats();
    // Killed, or stopped by a signal, a worker leaves its attempts to the next one.
    if (active.length > 0 && !options.finish) await stopInstead(queue, place);
    const { byState } = await queue.stats();
    const waiting = byState.queued + byState["retry-wait"];
    return { pid: holder?.process.pid ?? null, ended: holder ? 0 : active.length, waiting };
  });
  const isStopped = stopped !== undefined && (stopped.pid !== null || stopped.ended > 0);
  say(options.json, { stopped: isStopped, pid: stopped?.pid ?? null, waiting: stopped?.waiting ?? 0 }, () => {
    if (!stopped || !isStopped) return "there is no worker";
    const who =
      stopped.pid === null
        ? "there was no worker; what it had left running is ended"
        : `worker ${stopped.pid} has stopped`;
    return `${who}${stopped.waiting > 0 ? `, ${stopped.waiting} waiting (apex bg worker goes on)` : ""}`;
  });
  return exitCodes.passed;
}

/** Does what the worker would have done: ends what runs, and gives it back to the queue. */
async function stopInstead(queue: FileQueue, place: QueuePlace): Promise<void> {
  const log = (line: string): void => logOfWorker(place, line);
  const worker = new QueueWorker({ queue, place, version: apexVersion, log, isLasting: true });
  worker.stop("stop");
  await worker.run();
}
