import { constants } from "node:os";
import type { Outcome } from "../outcome.ts";

/** The exit codes of `apex`: one table, stable. An interrupted run ends with 128 + the signal's number (130, 143). */
export const exitCodes = {
  passed: 0,
  failed: 1,
  usage: 2,
  infrastructure: 3,
  budgetExceeded: 4,
  inconclusive: 5,
  nothingRan: 6,
  bug: 70,
} as const;

/** The exit code that a run's outcome maps to. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.status) {
    case "passed":
      return exitCodes.passed;
    case "failed":
      return exitCodes.failed;
    case "timed-out":
      return exitCodes.budgetExceeded;
    case "errored":
      return exitCodes.infrastructure;
    case "inconclusive":
      return exitCodes.inconclusive;
    case "skipped":
      return exitCodes.nothingRan;
    case "cancelled":
      return outcome.by === "fast-fail" ? exitCodes.failed : 128 + constants.signals[outcome.signal ?? "SIGINT"];
    default:
      return outcome satisfies never;
  }
}
