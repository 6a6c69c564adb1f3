import {
  DaemonSeat,
  ensureDaemon,
  logOfWorker,
  QueueWorker,
  workerSettings,
  writeFact,
} from "@netra-apex/background-e2e";
import { delay, exitCodes, systemClock } from "@netra-apex/core";
import path from "node:path";
import { configOf } from "../commands/invocation.ts";
import { say } from "../table.ts";
import { apexVersion } from "../version.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { openBackground } from "./open-background.ts";

/** How long a worker that was started may take to say that it is there. */
const startMs = 10_000;

/** `apex bg worker`: starts the worker of the project, or is it, in the foreground. */
export async function workerCommand(options: BackgroundOptions): Promise<number> {
  const config = await configOf({ options });
  const { queue, place } = await openBackground(config);
  try {
    await writeFact(
      queue.database,
      "settings",
      workerSettings(config, options.config === undefined ? undefined : path.resolve(options.config)),
    );
    if (!options.foreground) {
      await ensureDaemon(queue, place, { version: apexVersion, isAsked: true });
      const seat = new DaemonSeat(queue.database);
      for (const deadline = Date.now() + startMs; !seat.holder() && Date.now() < deadline;)
        await delay(systemClock, 20);
      const holder = seat.holder();
      if (holder) say(options.json, { pid: holder.process.pid }, () => `worker ${holder.process.pid}`);
      else process.stderr.write(`the worker did not start; see ${place.workerLog}\n`);
      return holder ? exitCodes.passed : exitCodes.infrastructure;
    }
    await writeFact(queue.database, "stopped", undefined);
    const log = (line: string): void => {
      process.stderr.write(`${line}\n`);
      logOfWorker(place, line);
    };
    const worker = new QueueWorker({ queue, place, version: apexVersion, log, isLasting: true });
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      if (signals > 2) process.exit(130);
      log(signals === 1 ? "stopping: what runs goes back into the queue" : "once more to leave it as it is");
      worker.stop("stop");
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
    log(`worker ${process.pid}, Ctrl-C stops it`);
    const end = await worker.run();
    if (end.kind === "taken") {
      process.stderr.write(`there is a worker already, pid ${end.pid}\n  hint: apex bg stop ends it\n`);
      return exitCodes.infrastructure;
    }
    log(`worker left: ${end.kind}`);
    return exitCodes.passed;
  } finally {
    await queue.close();
  }
}
