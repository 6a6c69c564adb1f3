import type { Clock } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import type { DeadlineScope, Outcome } from "../outcome.ts";

/** A point in time at which work must have ended, and whose budget it is. */
export interface Deadline {
  readonly scope: DeadlineScope;
  /** On the monotonic scale of `clock`. */
  readonly atMs: number;
  /** The budget as configured. */
  readonly limitMs: number;
  /** Budgets of layers and runs stand still while the run is paused, those of nodes do not. */
  readonly clock: Clock;
}

/** A deadline that starts to run now; none without a limit, or with an infinite one. */
export function deadlineIn(scope: DeadlineScope, clock: Clock, limitMs: number | undefined): Deadline | undefined {
  if (limitMs === undefined || limitMs === Number.POSITIVE_INFINITY) return undefined;
  return { scope, atMs: clock.monotonicMs() + limitMs, limitMs, clock };
}

/** Milliseconds until a deadline; negative once it has passed. */
export function remainingMs({ atMs, clock }: Deadline): number {
  return atMs - clock.monotonicMs();
}

/** The one that comes first; of two at the same moment, the narrower scope that is named first. */
export function tightest(deadlines: readonly (Deadline | undefined)[]): Deadline | undefined {
  let first: Deadline | undefined;
  for (const deadline of deadlines) {
    if (deadline && (!first || remainingMs(deadline) < remainingMs(first))) first = deadline;
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
