import process from "node:process";
import { openQueueAt, queuePlace } from "../place.ts";
import { restoreEnvironment } from "../programs.ts";
import { QueueWorker } from "./queue-worker.ts";
import { logOfWorker } from "./worker-log.ts";
import { readPace } from "./worker-pace.ts";

/*
 * The worker daemon of a project, started by whoever queues a task and finds none. It has a session of its own, so it outlives the
 * terminal, and leaves by itself when there is nothing to do for a while.
 *
 * Arguments: the store's directory, the version of apex, and in tests a pace.
 */

async function main([store = "", version = "", pace]: readonly string[]): Promise<void> {
  restoreEnvironment();
  const place = queuePlace(store);
  const log = (line: string): void => logOfWorker(place, line);
  const queue = await openQueueAt(place);
  const worker = new QueueWorker({ queue, place, version, log, pace: readPace(pace) });
  // The machine shuts down, or somebody wants this process gone: what runs can go on later.
  process.on("SIGTERM", () => worker.stop("stop"));
  process.on("SIGINT", () => worker.stop("stop"));
  process.on("SIGHUP", () => undefined);
  log(`worker ${version} started, pid ${process.pid}`);
  const end = await worker.run();
  log(end.kind === "taken" ? `there is a worker already, pid ${end.pid}` : `worker left: ${end.kind}`);
  await queue.close();
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(70);
  },
);
