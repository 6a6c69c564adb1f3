import type { ExecutionMode } from "./layer.ts";

/** The longest a layer may take by its categories' timeouts (milliseconds): their sum in sequence, the largest side by side. */
export function timeoutsTogether(executionMode: ExecutionMode, timeoutsMs: readonly number[]): number {
  return executionMode === "sequential" ? timeoutsMs.reduce((sum, ms) => sum + ms, 0) : Math.max(0, ...timeoutsMs);
}
