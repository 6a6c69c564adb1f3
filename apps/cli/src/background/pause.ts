import { ensureDaemon, wake } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import { configOf } from "../commands/invocation.ts";
import { say } from "../table.ts";
import { apexVersion } from "../version.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { openBackground, withBackground } from "./open-background.ts";

/** `apex bg pause`: nothing more is started; what runs goes on. */
export async function pauseCommand(options: BackgroundOptions): Promise<number> {
  const config = await configOf({ options });
  const { queue } = await openBackground(config);
  try {
    const { reason } = options;
    await queue.pause({ by: { kind: "person" }, ...(reason === undefined ? {} : { reason }) });
    say(options.json, { paused: true }, () => "paused: what runs goes on, nothing more is started (apex bg resume)");
    return exitCodes.passed;
  } finally {
    await queue.close();
  }
}

/** `apex bg resume`: goes on with what waits. */
export async function resumeQueueCommand(options: BackgroundOptions): Promise<number> {
  await withBackground(options, async ({ queue, place }) => {
    await queue.resume({ kind: "person" });
    wake(place);
    const { byState } = await queue.stats();
    if (byState.queued + byState["retry-wait"] > 0) {
      await ensureDaemon(queue, place, { version: apexVersion, isAsked: true });
    }
  });
  say(options.json, { paused: false }, () => "the queue goes on");
  return exitCodes.passed;
}
