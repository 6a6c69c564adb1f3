import { type Clock, delay } from "@netra-apex/core";
import type { ProcessGroup } from "./process-group.ts";

/** How a group of processes was ended, and whether it worked. */
export interface GroupEnd {
  /** The strongest signal that was needed. */
  readonly by: "term" | "kill";
  /** False when members outlived SIGKILL: they belong to another user, or hang in the kernel. */
  readonly isGone: boolean;
}

export interface EndGroupOptions {
  readonly clock: Clock;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Aborted when SIGKILL is due at once. */
  readonly killSignal?: AbortSignal | undefined;
}

/** SIGKILL is not refused; what is still there after this long cannot be ended by us, and waiting on would hang the run. */
const surrenderAfterMs = 10_000;
const shortestPollMs = 1;
const longestPollMs = 50;

/** Ends a process group: SIGTERM, then SIGKILL once the grace is over. Resolves when it is gone or cannot be ended. */
export async function endGroup(
  group: ProcessGroup,
  { clock, graceMs, killSignal }: EndGroupOptions,
): Promise<GroupEnd> {
  if (!killSignal?.aborted) {
    group.signal("SIGTERM");
    if (await isGoneWithin(group, graceMs, clock, killSignal)) return { by: "term", isGone: true };
  }
  group.signal("SIGKILL");
  return { by: "kill", isGone: await isGoneWithin(group, surrenderAfterMs, clock) };
}

/** Waits until the group is gone, for at most `limitMs` or until `cut` is aborted. */
export async function isGoneWithin(
  group: ProcessGroup,
  limitMs: number,
  clock: Clock,
  cut?: AbortSignal,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + limitMs;
  for (let pollMs = shortestPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
    if (group.isGone()) return true;
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0 || cut?.aborted) return false;
    // A cut wait rejects; the loop then sees the signal.
    await delay(clock, Math.min(pollMs, leftMs), cut).catch(() => undefined);
  }
}
