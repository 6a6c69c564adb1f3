import { onWake, readQueueStatus } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import type { BackgroundOptions } from "./background-options.ts";
import { withBackground } from "./open-background.ts";
import { expectedDurations, nothingQueued } from "./status.ts";
import { statusView } from "./status-view.ts";

/** How often the screen is drawn anew while nothing changes: times go on. */
const redrawMs = 1_000;

/** `apex bg status --watch`: the queue, live, until Ctrl-C. Off a terminal, a line or a picture each time that something changes. */
export async function watchCommand(options: BackgroundOptions): Promise<number> {
  const { json } = options;
  const isLive = process.stdout.isTTY && !json;
  const { createLogUpdate } = await import("log-update");
  // The window's height is all there is.
  const draw = isLive ? createLogUpdate(process.stdout) : undefined;
  let shown = "";
  const show = (text: string): void => {
    if (text === shown) return;
    shown = text;
    if (draw) draw(text);
    else process.stdout.write(`${text}\n`);
  };
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  try {
    const result = await withBackground(options, async ({ queue, place, directory, environment }) => {
      const expectedMs = await expectedDurations(directory, environment);
      while (!stop.signal.aborted) {
        const status = await readQueueStatus(queue, place, { expectedMs, limit: linesThere(isLive) });
        show(json ? JSON.stringify(status) : statusView(status));
        await nextChange(place, stop.signal);
      }
      return true;
    });
    if (result === undefined) show(json ? JSON.stringify(nothingQueued) : statusView(nothingQueued));
  } finally {
    draw?.done();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
  }
  return exitCodes.passed;
}

/** What does not fit on the screen cannot be taken back from it. */
function linesThere(isLive: boolean): number {
  return isLive ? Math.max(1, Math.floor(((process.stdout.rows ?? 24) - 6) / 2)) : 20;
}

function nextChange(place: Parameters<typeof onWake>[0], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stopWatching();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stopWatching = onWake(place, done, redrawMs);
    signal.addEventListener("abort", done, { once: true });
  });
}
