import { isFinal, type TaskId } from "@netra-apex/background-e2e";
import type { Config } from "@netra-apex/core";
import { openBackground } from "./open-background.ts";

/** How often the queue is looked at. */
const lookMs = 2_000;

/** How the tasks that a run has queued stand, for a screen that asks often. */
export interface QueueWatch {
  /** As last seen: `1 running (cypress), 2 waiting`; nothing before that, and once none is left. */
  readonly lines: () => readonly string[];
  close(): Promise<void>;
}

/** Looks at the queue from time to time until it is closed. What it cannot see it leaves out: the run goes on without it. */
export async function watchQueue(config: Config, ids: readonly TaskId[]): Promise<QueueWatch> {
  const { queue } = await openBackground(config);
  let lines: readonly string[] = [];
  let isClosed = false;
  const look = async (): Promise<void> => {
    const running: string[] = [];
    let [waiting, over] = [0, 0];
    for (const id of ids) {
      const task = await queue.get(id);
      if (!task || isFinal(task)) over += 1;
      else if (task.state === "starting" || task.state === "running") running.push(task.spec.category);
      else waiting += 1;
    }
    const parts = [
      ...(running.length > 0 ? [`${running.length} running (${running.join(", ")})`] : []),
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
      ...(over > 0 ? [`${over} finished`] : []),
    ];
    lines = over === ids.length ? [] : [parts.join(", ")];
  };
  let timer: NodeJS.Timeout | undefined;
  let current = Promise.resolve();
  const round = (): void => {
    if (isClosed) return;
    current = look()
      .catch(() => void (lines = []))
      .then(() => {
        timer = setTimeout(round, lookMs).unref();
      });
  };
  round();
  return {
    lines: () => lines,
    async close() {
      isClosed = true;
      await current;
      clearTimeout(timer);
      await queue.close();
    },
  };
}
