import path from "node:path";
import process from "node:process";
import { delay, DirectoryLock, type HeldLock, type Service, systemClock } from "@netra-apex/core";
import type { InstanceRegistry } from "./instance-registry.ts";

const lookMs = 50;

/**
 * Runs `work` while no other process looks for, or starts, the same service of the same project, so that what several runs share
 * is started once. The turn of a process that is gone is over. Rejects with the signal's reason, or what `work` throws.
 */
export async function inStartTurn<Result>(
  registry: InstanceRegistry,
  { name }: Pick<Service, "name">,
  { projectRoot, signal }: { readonly projectRoot: string; readonly signal: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const key = createHash("sha256")
    .update(JSON.stringify([projectRoot, name]))
    .digest("hex")
    .slice(0, 16);
  const directory = path.join(registry.directory, "turns");
  const lock = new DirectoryLock(directory, { name: key, waitMs: 0, longestMs: Number.POSITIVE_INFINITY });
  const held = await hold(lock, signal);
  try {
    return await work();
  } finally {
    held?.release();
  }
}

/** Nothing where nothing can be kept, and so nothing is shared. */
async function hold(lock: DirectoryLock, signal: AbortSignal): Promise<HeldLock | undefined> {
  for (;;) {
    let held: HeldLock | undefined;
    try {
      held = lock.tryHold();
    } catch {
      return undefined;
    }
    if (held) return held;
    await delay(systemClock, lookMs, signal);
  }
}
