import { setTimeout } from "node:timers/promises";
import type { ProcessTree } from "./process-tree.ts";

/** How a tree of processes was ended, and whether it worked. */
export interface TreeEnd {
  /** The strongest signal that was needed. */
  readonly by: "term" | "kill";
  /** False when members outlived SIGKILL: they belong to another user, or hang in the kernel. */
  readonly isGone: boolean;
}

/** Time, as far as ending processes needs it. */
export interface Pace {
  monotonicMs(): number;
  /** Resolves after `ms`, or as soon as `cut` is aborted. */
  wait(ms: number, cut?: AbortSignal): Promise<void>;
}

/** How a tree is to be ended. */
export interface EndTreeOptions {
  readonly pace: Pace;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Aborted when SIGKILL is due at once. */
  readonly killSignal?: AbortSignal | undefined;
}

/** SIGKILL is not refused; what is still there after this long cannot be ended by us, and waiting on would hang the run. */
const surrenderAfterMs = 10_000;
const shortestPollMs = 1;
const longestPollMs = 50;

/** The machine's own time. */
export const systemPace: Pace = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wait: (ms, cut) => setTimeout(ms, undefined, cut ? { signal: cut } : {}).catch(() => undefined),
};

/** Ends a tree: SIGTERM, then SIGKILL once the grace is over. Resolves when it is gone or cannot be ended. */
export async function endTree(tree: ProcessTree, { pace, graceMs, killSignal }: EndTreeOptions): Promise<TreeEnd> {
  if (!killSignal?.aborted) {
    tree.signal("SIGTERM");
    if (await isGoneWithin(tree, graceMs, pace, killSignal)) return { by: "term", isGone: true };
  }
  return { by: "kill", isGone: await killUntilGone(tree, pace) };
}

/** Waits until two looks in a row find nobody: a fork can slip between a look and a kill. */
export async function isGoneWithin(
  tree: ProcessTree,
  limitMs: number,
  pace: Pace,
  cut?: AbortSignal,
): Promise<boolean> {
  const endMs = pace.monotonicMs() + limitMs;
  for (let pollMs = shortestPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
    if (tree.isGone() && tree.isGone()) return true;
    const leftMs = endMs - pace.monotonicMs();
    if (leftMs <= 0 || cut?.aborted) return false;
    await pace.wait(Math.min(pollMs, leftMs), cut);
  }
}

async function killUntilGone(tree: ProcessTree, pace: Pace): Promise<boolean> {
  const endMs = pace.monotonicMs() + surrenderAfterMs;
  for (let pollMs = shortestPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
    tree.signal("SIGKILL");
    if (tree.isGone() && tree.isGone()) return true;
    const leftMs = endMs - pace.monotonicMs();
    if (leftMs <= 0) return false;
    await pace.wait(Math.min(pollMs, leftMs));
  }
}
