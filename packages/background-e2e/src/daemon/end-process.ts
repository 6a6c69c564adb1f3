import { isProcessAlive, type ProcessIdentity, delay, systemClock } from "@netra-apex/core";

/** How often is looked whether a process is gone. */
const lookMs = 20;

/** Sends a signal to a process, if it still is the one that is meant. */
export function signalProcess(identity: ProcessIdentity, name: "SIGTERM" | "SIGKILL"): void {
  if (isProcessAlive(identity) !== true) return;
  try {
    process.kill(identity.pid, name);
  } catch {
    // It has gone in between.
  }
}

/** Resolves with whether the process is gone, at the latest after `withinMs`. */
async function isGoneWithin(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isProcessAlive(identity) === true) {
    if (Date.now() >= deadline) return false;
    await delay(systemClock, lookMs);
  }
  return true;
}

/** Waits until a process is gone, and kills it when it is not by then. Its guard ends what it had started. */
export async function endProcess(identity: ProcessIdentity, graceMs = 0): Promise<void> {
  if (await isGoneWithin(identity, graceMs)) return;
  signalProcess(identity, "SIGKILL");
  await isGoneWithin(identity, Number.POSITIVE_INFINITY);
}
