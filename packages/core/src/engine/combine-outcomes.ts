import { describeOutcome, type Outcome, type OutcomeStatus } from "../outcome.ts";

/** An outcome and whose it is. */
export interface NamedOutcome {
  readonly name: string;
  readonly outcome: Outcome;
}

/** What weighs more decides: proof that something is broken before doubt whether it is. */
const severity: Readonly<Record<Exclude<OutcomeStatus, "passed" | "skipped">, number>> = {
  failed: 5,
  "timed-out": 4,
  errored: 3,
  inconclusive: 2,
  cancelled: 1,
};

/**
 * The outcome of a layer from its nodes', or of a run from its layers'.
 *
 * The heaviest one decides. Without any, it passed when something passed and whatever was skipped had nothing to run, or was
 * to be skipped without its services; a part that was skipped because of something else leaves the whole inconclusive.
 */
export function combineOutcomes(parts: readonly NamedOutcome[]): Outcome {
  let heaviest: NamedOutcome | undefined;
  for (const part of parts) {
    if (weigh(part.outcome) > (heaviest ? weigh(heaviest.outcome) : 0)) heaviest = part;
  }
  if (heaviest) return prefixed(heaviest, parts);
  const heldBack = parts.find(({ outcome }) => outcome.status === "skipped" && !isAsConfigured(outcome));
  if (parts.some(({ outcome }) => outcome.status === "passed")) {
    return heldBack
      ? { status: "inconclusive", reason: `${heldBack.name}: ${describeOutcome(heldBack.outcome)}` }
      : { status: "passed" };
  }
  return (
    (heldBack ?? parts[0])?.outcome ?? { status: "skipped", cause: "not-configured", reason: "there is nothing to run" }
  );
}

/** Skipped because there was nothing to run: no reason to hold back what comes after. */
export function hadNothingToRun(outcome: Outcome): boolean {
  return outcome.status === "skipped" && (outcome.cause === "not-configured" || outcome.cause === "condition");
}

/** Left out because the config says so for such a case, which nobody holds against the whole. */
function isAsConfigured(outcome: Outcome): boolean {
  return hadNothingToRun(outcome) || (outcome.status === "skipped" && outcome.cause === "service");
}

function weigh({ status }: Outcome): number {
  return status === "passed" || status === "skipped" ? 0 : severity[status];
}

/** The part's outcome, with its reason naming every part that ended the same way, and after them those that broke in a lighter way. */
function prefixed(part: NamedOutcome, parts: readonly NamedOutcome[]): Outcome {
  const { outcome } = part;
  if (outcome.status === "passed") return outcome;
  const same = namesOf(outcome.status, parts);
  const decisive = same.length > 1 ? `${same.join(", ")} ${outcome.status}` : `${part.name}: ${outcome.reason}`;
  const lighter = broken.slice(broken.indexOf(outcome.status) + 1).flatMap((status) => {
    const names = namesOf(status, parts);
    return names.length > 0 ? [`${names.join(", ")} ${status}`] : [];
  });
  return { ...outcome, reason: [decisive, ...lighter].join("; ") };
}

/** What went wrong with a part itself, the heaviest first; that others were cancelled because of it says nothing more. */
const broken: readonly OutcomeStatus[] = ["failed", "timed-out", "errored"];

function namesOf(status: OutcomeStatus, parts: readonly NamedOutcome[]): string[] {
  return parts.filter(({ outcome }) => outcome.status === status).map(({ name }) => name);
}
