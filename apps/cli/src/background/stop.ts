import { DaemonSeat, wake, writeFact } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import type { BackgroundOptions } from "./background-options.ts";
import { withBackground } from "./open-background.ts";

/** `apex bg stop`: returns when the worker is gone. What ran is queued again, or has ended if that was asked for. */
export async function stopCommand(options: BackgroundOptions): Promise<number> {
  const said = await withBackground(options, async ({ queue, place }) => {
    await writeFact(queue.database, "stopped", { atMs: Date.now() });
    const seat = new DaemonSeat(queue.database);
    const holder = seat.holder();
    if (!holder) return "there is no worker";
    await seat.requestStop(holder.id, options.finish ? "finish" : "stop");
    wake(place);
    while (seat.holder()?.id === holder.id) await new Promise((resolve) => setTimeout(resolve, 50));
    const { byState } = await queue.stats();
    const left = byState.queued + byState["retry-wait"];
    return `worker ${holder.process.pid} has stopped${left > 0 ? `, ${left} waiting (apex bg worker goes on)` : ""}`;
  });
  process.stdout.write(options.json ? `${JSON.stringify({ stopped: true })}\n` : `${said ?? "there is no worker"}\n`);
  return exitCodes.passed;
}
