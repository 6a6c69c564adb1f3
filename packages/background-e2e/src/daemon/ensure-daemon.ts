import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { makeQueueDirectory, type QueuePlace } from "../place.ts";
import { programArguments, programEnvironment } from "../programs.ts";
import type { FileQueue } from "../queue/open-queue.ts";
import { writeFact } from "../settings.ts";
import { DaemonSeat } from "./daemon-record.ts";
import { wake } from "./wake.ts";

/** The worker that will run what is queued. */
export type EnsuredDaemon =
  | { readonly kind: "running" | "started"; readonly pid: number }
  /** A person has stopped it, and this is no reason to start it again. */
  | { readonly kind: "stopped" };

/**
 * Makes sure that a worker daemon runs, of this version or a newer one, and wakes it. `isAsked` says that a person wants it now; else
 * one that was stopped stays so. Does not wait for it to be ready. Throws what starting a process throws.
 */
export async function ensureDaemon(
  queue: FileQueue,
  place: QueuePlace,
  { version, isAsked }: { readonly version: string; readonly isAsked: boolean },
): Promise<EnsuredDaemon> {
  const seat = new DaemonSeat(queue.database);
  const holder = seat.holder();
  if (holder && holder.stop === undefined && !isOlder(holder.version, version)) {
    wake(place);
    return { kind: "running", pid: holder.process.pid };
  }
  if (isAsked) await writeFact(queue.database, "stopped", undefined);
  else if (queue.database.sql("select 1 from fact where name = 'stopped'").get()) return { kind: "stopped" };
  if (holder) {
    // What it has started goes on; the new one waits for its place.
    // Nor does it wait for the end of that, which may be an hour away.
    if (holder.stop === undefined || holder.stop === "finish") await seat.requestStop(holder.id, "hand-over");
    wake(place);
  }
  return { kind: "started", pid: startDaemon(place, version) };
}

function startDaemon(place: QueuePlace, version: string): number {
  makeQueueDirectory(place);
  const output = openSync(place.workerLog, "a");
  try {
    const child = spawn(process.execPath, [...programArguments("daemon-main"), place.store, version], {
      cwd: place.store,
      env: programEnvironment(process.env),
      stdio: ["ignore", output, output],
      detached: true,
    });
    // One that cannot be started is noticed by whoever waits for the task.
    child.on("error", () => undefined);
    child.unref();
    return child.pid ?? 0;
  } finally {
    closeSync(output);
  }
}

/** Whether a version is behind another: by their numbers, and a pre-release before its release. */
function isOlder(version: string, than: string): boolean {
  const [numbers, tag] = parts(version);
  const [others, otherTag] = parts(than);
  for (const [index, number] of numbers.entries()) {
    const other = others[index] ?? 0;
    if (number !== other) return number < other;
  }
  return tag !== undefined && otherTag === undefined;
}

function parts(version: string): [number[], string | undefined] {
  const [numbers = "", tag] = version.split(/-(.*)/s);
  return [numbers.split(".").map((part) => Number.parseInt(part, 10) || 0), tag];
}
