import { describeOutcome, type Outcome, type OutcomeStatus } from "@netra-apex/core";
import { cleanLine } from "./clean-text.ts";
import type { Palette, Style } from "./palette.ts";

/** A status as people say it. */
export function statusWord(status: OutcomeStatus): string {
  return status === "timed-out" ? "timed out" : status;
}

/** Status and reason, the word said once: `failed: 2 of 39 tests failed`, `cancelled by Ctrl-C`. */
export function outcomeSentence(outcome: Outcome): string {
  const word = statusWord(outcome.status);
  const reason = cleanLine(describeOutcome(outcome));
  const isSaid = reason === outcome.status || reason.startsWith(word);
  return isSaid || reason === "" ? reason || word : `${word}: ${reason}`;
}

/** Red for what is broken, yellow for what was not decided, green for what passed. */
export function outcomeStyle(outcome: Outcome, palette: Palette): Style {
  switch (outcome.status) {
    case "passed":
      return palette.good;
    case "failed":
    case "errored":
      return palette.bad;
    case "timed-out":
    case "cancelled":
    case "skipped":
    case "inconclusive":
      return palette.warn;
    default:
      return outcome satisfies never;
  }
}

/** `✓` passed, `~` passed only on a retry, `○` never ran, `✗` anything else. */
export function outcomeMark(outcome: Outcome, isFlaky: boolean, palette: Palette): string {
  if (outcome.status === "passed" && isFlaky) return palette.warn("~");
  return outcomeStyle(outcome, palette)(outcomeSymbol(outcome));
}

function outcomeSymbol({ status }: Outcome): string {
  if (status === "passed") return "✓";
  return status === "skipped" ? "○" : "✗";
}
