import { isFinal, onWake, type TaskId } from "@netra-apex/background-e2e";
import type { Config } from "@netra-apex/core";
import { type OpenBackground, openBackground } from "./open-background.ts";

/** How the tasks that a run has queued stand, for a screen that asks often. */
export interface QueueWatch {
  /** As last seen: `1 running (cypress), 2 waiting`; nothing once none is left. */
  readonly lines: () => readonly string[];
  close(): Promise<void>;
}

/**
 * Looks at the queue whenever somebody has changed it, and every `lookMs` anyway, until it is closed. What it cannot see it leaves out: the run
 * goes on without it.
 */
export async function watchQueue(
  config: Config,
  ids: readonly TaskId[],
  { lookMs = 1_000 }: { readonly lookMs?: number } = {},
): Promise<QueueWatch> {
  const { queue, place } = await openBackground(config);
  let lines: readonly string[] = [];
  let isDue = false;
  let looking: Promise<void> | undefined;
  const lookWhileDue = async (): Promise<void> => {
    while (isDue) {
      isDue = false;
      lines = await standing(queue, ids).catch(() => []);
    }
    looking = undefined;
  };
  // What changes in the middle of a look may have been missed by it.
  const look = (): void => {
    isDue = true;
    looking ??= lookWhileDue();
  };
  const stopListening = onWake(place, look, lookMs);
  look();
  await looking;
  return {
    lines: () => lines,
    async close() {
      stopListening();
      await looking;
      await queue.close();
    },
  };
}

async function standing(queue: OpenBackground["queue"], ids: readonly TaskId[]): Promise<readonly string[]> {
  const running: string[] = [];
  let [waiting, over] = [0, 0];
  for (const id of ids) {
    const task = await queue.get(id);
    if (!task || isFinal(task)) over += 1;
    else if (task.state === "starting" || task.state === "running") running.push(task.spec.category);
    else waiting += 1;
  }
  if (over === ids.length) return [];
  const parts = [
    ...(running.length > 0 ? [`${running.length} running (${running.join(", ")})`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(over > 0 ? [`${over} finished`] : []),
  ];
  return [parts.join(", ")];
}
