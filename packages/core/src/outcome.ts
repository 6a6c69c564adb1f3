/** Which of the nested deadlines ended the work: the tightest one that was in force. */
export type DeadlineScope = "attempt" | "category" | "layer" | "run";

/** Why something was never started. */
export type SkipCause =
  | "dependency"
  | "not-configured"
  | "condition"
  | "service"
  | "fail-fast"
  | "deadline"
  | "cancelled";

/** Who ended work that was under way. */
export type CancelledBy = "person" | "fast-fail" | "superseded";

/** How an attempt, node, layer or run ended. A failing test is a value of this type, never an exception. */
export type Outcome =
  | { readonly status: "passed" }
  | { readonly status: "failed"; readonly reason: string }
  | {
      readonly status: "timed-out";
      readonly deadline: DeadlineScope;
      readonly limitMs: number;
      readonly reason: string;
    }
  | {
      readonly status: "cancelled";
      readonly by: CancelledBy;
      readonly reason: string;
      /** The signal that asked for it, such as `SIGINT`. */
      readonly signal?: "SIGINT" | "SIGTERM" | "SIGHUP";
    }
  | { readonly status: "skipped"; readonly cause: SkipCause; readonly reason: string }
  | { readonly status: "errored"; readonly reason: string; readonly code?: string }
  | { readonly status: "inconclusive"; readonly reason: string };

export type OutcomeStatus = Outcome["status"];

const statuses: ReadonlySet<string> = new Set<OutcomeStatus>([
  "passed",
  "failed",
  "timed-out",
  "cancelled",
  "skipped",
  "errored",
  "inconclusive",
]);

/** Whether a value of unknown origin (an agent's output) has an outcome's shape. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && "status" in value && statuses.has(String(value.status));
}

/** The outcome's own words, or its status when it needs none. */
export function describeOutcome(outcome: Outcome): string {
  return "reason" in outcome ? outcome.reason : outcome.status;
}
