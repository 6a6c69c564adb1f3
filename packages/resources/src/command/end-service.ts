import { setTimeout } from "node:timers/promises";
import type { ServiceTree } from "./service-tree.ts";

/** How a service is ended. */
export interface EndServiceOptions {
  /** Asks it to end. */
  readonly stopSignal: NodeJS.Signals;
  /** Before SIGKILL, in milliseconds. */
  readonly stopTimeoutMs: number;
  /** Nobody waits for that any longer. */
  readonly killNow?: AbortSignal | undefined;
}

/** SIGKILL is not refused; what is still there after this long cannot be ended by us. */
const surrenderAfterMs = 5_000;
const longestPollMs = 50;

/** Ends a service with all its processes. Resolves with the pids of those that could not be ended. */
export async function endService(
  tree: ServiceTree,
  { stopSignal, stopTimeoutMs, killNow }: EndServiceOptions,
): Promise<readonly number[]> {
  tree.ask(stopSignal);
  if ((await leftAfter(tree, stopTimeoutMs, { killNow })).length === 0) return [];
  return leftAfter(tree, surrenderAfterMs, { before: () => tree.kill() });
}

async function leftAfter(
  tree: ServiceTree,
  limitMs: number,
  { before, killNow }: { readonly before?: () => void; readonly killNow?: AbortSignal | undefined },
): Promise<number[]> {
  const endMs = performance.now() + limitMs;
  for (let pollMs = 1; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
    before?.();
    const left = tree.pids();
    // Twice, because a fork can slip through one look.
    if (left.length === 0 && tree.pids().length === 0) return [];
    const leftMs = endMs - performance.now();
    if (leftMs <= 0 || killNow?.aborted) return left;
    await setTimeout(Math.min(pollMs, leftMs));
  }
}
