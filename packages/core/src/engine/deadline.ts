import { formatDuration } from "../config/units.ts";
import type { DeadlineScope, Outcome } from "../outcome.ts";

/** A point in time at which work must have ended, and whose budget it is. */
export interface Deadline {
  readonly scope: DeadlineScope;
  /** On the clock's monotonic scale. */
  readonly atMs: number;
  /** The budget as configured. */
  readonly limitMs: number;
}

/** A deadline that starts to run now; none without a limit. */
export function deadlineIn(scope: DeadlineScope, nowMs: number, limitMs: number | undefined): Deadline | undefined {
  return limitMs === undefined ? undefined : { scope, atMs: nowMs + limitMs, limitMs };
}

/** The one that comes first; of two at the same moment, the narrower scope that is named first. */
export function tightest(deadlines: readonly (Deadline | undefined)[]): Deadline | undefined {
  let first: Deadline | undefined;
  for (const deadline of deadlines) {
    if (deadline && (!first || deadline.atMs < first.atMs)) first = deadline;
  }
  return first;
}

/** The outcome of work that a deadline ended. `owner` is what the budget belongs to, such as `layer fast_feedback`. */
export function timedOut({ scope, limitMs }: Deadline, owner: string): Outcome & { status: "timed-out" } {
  return {
    status: "timed-out",
    deadline: scope,
    limitMs,
    reason: `the ${scope} deadline of ${formatDuration(limitMs)} was reached (${owner})`,
  };
}
