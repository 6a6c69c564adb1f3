import { describeOutcome, formatDuration, type NotifySettings } from "@netra-apex/core";
import type { TaskView } from "../queue/queue-backend.ts";
import type { FinalTaskState, TaskState } from "../queue/task.ts";

/** What a state says of the code: nothing while it is under way, or when somebody has cancelled it. */
function verdictOf(state: TaskState | undefined): "good" | "bad" | undefined {
  switch (state) {
    case "completed":
      return "good";
    case "failed":
    case "timed-out":
    case "lost":
      return "bad";
    case undefined:
    case "queued":
    case "starting":
    case "running":
    case "retry-wait":
    case "cancelled":
      return undefined;
    default:
      return state satisfies never;
  }
}

/**
 * Whether anybody wants to hear of it. On `change`, of good after bad, bad after good, and a first one that is bad; a cancelled task has
 * no verdict, so only `always` tells of it.
 */
export function shouldNotify(
  state: TaskState,
  previous: FinalTaskState | undefined,
  on: NotifySettings["on"],
): boolean {
  const verdict = verdictOf(state);
  switch (on) {
    case "never":
      return false;
    case "always":
      return true;
    case "failure":
      return verdict === "bad";
    case "change":
      return verdict !== undefined && verdict !== (verdictOf(previous) ?? "good");
    default:
      return on satisfies never;
  }
}

/** One line on how a task ended, such as `cypress-k3f9x2 failed after 12m 05s: 2 of 14 tests failed (was completed before)`. */
export function finishedText({ id, spec, state, result, reason }: TaskView, previous?: FinalTaskState): string {
  const where = spec.environment === "test" ? "" : ` in ${spec.environment}`;
  const took = result ? ` after ${formatDuration(result.durationMs)}` : "";
  const tests =
    result && result.counts.total > 0 ? `${result.counts.passed} of ${result.counts.total} tests passed` : "";
  const why = state === "completed" ? tests : (reason ?? (result ? describeOutcome(result.outcome) : ""));
  const before = previous !== undefined && verdictOf(previous) !== verdictOf(state) ? ` (was ${previous} before)` : "";
  // One line, whatever a test framework has put into its messages.
  return `${id} ${state}${where}${took}${why === "" ? "" : `: ${why}`}${before}`.replaceAll(/\s+/g, " ");
}
