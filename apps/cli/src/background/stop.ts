import { DaemonSeat, wake, writeFact } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import { say } from "../table.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { withBackground } from "./open-background.ts";

/** `apex bg stop`: returns when the worker is gone. What ran is queued again, or has ended if that was asked for. */
export async function stopCommand(options: BackgroundOptions): Promise<number> {
  const stopped = await withBackground(options, async ({ queue, place }) => {
    await writeFact(queue.database, "stopped", { atMs: Date.now() });
    const seat = new DaemonSeat(queue.database);
    const holder = seat.holder();
    if (!holder) return undefined;
    await seat.requestStop(holder.id, options.finish ? "finish" : "stop");
    wake(place);
    while (seat.holder()?.id === holder.id) await new Promise((resolve) => setTimeout(resolve, 50));
    const { byState } = await queue.stats();
    return { pid: holder.process.pid, waiting: byState.queued + byState["retry-wait"] };
  });
  say(options.json, { stopped: stopped !== undefined, pid: null, ...stopped }, () => {
    if (!stopped) return "there is no worker";
    const { pid, waiting } = stopped;
    return `worker ${pid} has stopped${waiting > 0 ? `, ${waiting} waiting (apex bg worker goes on)` : ""}`;
  });
  return exitCodes.passed;
}
