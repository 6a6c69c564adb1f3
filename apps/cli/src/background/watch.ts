import { type QueueStatus, readQueueStatus } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import type { BackgroundOptions } from "./background-options.ts";
import { listenForEnd } from "./listen-for-end.ts";
import { LivePicture } from "./live-picture.ts";
import { nextChange } from "./next-change.ts";
import { keepGoing, withBackground } from "./open-background.ts";
import { expectedDurations, nothingQueued } from "./status.ts";
import { statusView } from "./status-view.ts";

/** How often the picture is drawn anew while nothing changes: times go on. */
const redrawMs = 1_000;
const offTerminalLimit = 20;

/**
 * `apex bg status --watch`: the queue, live, until Ctrl-C. Off a terminal, a picture (with `--json` a line) each time that a task or the
 * worker changes; times alone are no change.
 */
export async function watchCommand(options: BackgroundOptions): Promise<number> {
  const { json } = options;
  const picture = process.stdout.isTTY && !json ? new LivePicture(process.stdout) : undefined;
  let status: QueueStatus = nothingQueued;
  let shown = "";
  const show = (): void => {
    if (picture) return picture.draw(statusView(status, picture));
    const what = whatChanges(status);
    if (what === shown) return;
    shown = what;
    process.stdout.write(`${json ? JSON.stringify(status) : `${statusView(status)}\n`}\n`);
  };
  const end = listenForEnd();
  try {
    while (!end.signal.aborted) {
      const isThere = await withBackground(options, async (background) => {
        const { queue, place, directory, environment } = background;
        const expectedMs = await expectedDurations(directory, environment);
        while (!end.signal.aborted) {
          await keepGoing(background);
          const limit = picture?.rows ?? offTerminalLimit;
          status = await readQueueStatus(queue, place, { expectedMs, limit });
          show();
          await nextChange(place, redrawMs, end.signal);
        }
        return true;
      });
      if (isThere) break;
      show();
      await pause(end.signal);
    }
  } finally {
    picture?.done();
    end.release();
  }
  // What was there last stays readable when the picture has gone.
  if (picture) process.stdout.write(`${statusView(status, picture)}\n`);
  return exitCodes.passed;
}

function whatChanges({ worker, paused, stopped, by_status, tasks }: QueueStatus): string {
  const states = tasks.map(({ task_id, status, attempt, test_counts, cancel_requested: isEnding }) => [
    [task_id, status, attempt, test_counts, isEnding],
  ]);
  return JSON.stringify([worker?.pid, paused, stopped, by_status, states]);
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, redrawMs);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
