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

/**
 * What kind of failure it was, for retries and for reading a run: `assertion` (a test said no), `collection` (tests could
 * not be read), `crash` (a process or agent broke), `timeout`, `infrastructure` (what the test stands on was not there),
 * `transient` (a network hiccup or the like), `sla` (worked, but missed a promised number).
 */
export type FailureClass = "assertion" | "collection" | "crash" | "timeout" | "infrastructure" | "transient" | "sla";

/** How an attempt, node, layer or run ended. A failing test is a value of this type, never an exception. */
export type Outcome =
  | { readonly status: "passed" }
  | { readonly status: "failed"; readonly reason: string; readonly failureClass?: FailureClass }
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
  | {
      readonly status: "errored";
      readonly reason: string;
      /** Of an `ApexError`, or of the system call that failed. */
      readonly code?: string;
      readonly failureClass?: FailureClass;
    }
  | { readonly status: "inconclusive"; readonly reason: string };

/** What an outcome is, without its reason. */
export type OutcomeStatus = Outcome["status"];

/** Every status that an outcome can have. */
export const outcomeStatuses = [
  "passed",
  "failed",
  "timed-out",
  "cancelled",
  "skipped",
  "errored",
  "inconclusive",
] as const satisfies readonly OutcomeStatus[];

const statuses: ReadonlySet<string> = new Set(outcomeStatuses);

/** Whether a value of unknown origin (an agent's output) has an outcome's shape. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && "status" in value && statuses.has(String(value.status));
}

/** The outcome's own words, or its status when it needs none. */
export function describeOutcome(outcome: Outcome): string {
  return "reason" in outcome ? outcome.reason : outcome.status;
}

/** Every failure class. */
export const failureClasses = [
  "assertion",
  "collection",
  "crash",
  "timeout",
  "infrastructure",
  "transient",
  "sla",
] as const satisfies readonly FailureClass[];

/** The class of a failure, as its source stated it, else what its status says; none for what is no failure. */
export function failureClassOf(outcome: Outcome): FailureClass | undefined {
  switch (outcome.status) {
    case "failed":
      return outcome.failureClass ?? "assertion";
    case "errored":
      return outcome.failureClass ?? "crash";
    case "timed-out":
      return "timeout";
    case "passed":
    case "cancelled":
    case "skipped":
    case "inconclusive":
      return undefined;
    default:
      return outcome satisfies never;
  }
}
