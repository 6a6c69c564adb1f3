import { matchesGlob } from "node:path";
import { ApexError, describeThrown } from "../apex-error.ts";
import { didYouMean } from "../config/suggest.ts";
import type { OutcomeStatus } from "../outcome.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { Condition } from "../layers/node-rules.ts";

/** What a condition's function may look at. */
export interface ConditionFacts {
  readonly node: PlanNode;
  readonly environment: string;
  /** Absent when not known. */
  readonly changedFiles: readonly string[] | undefined;
  /** How a node of the run ended, once it has. */
  readonly outcomeOf: (nodeId: string) => OutcomeStatus | undefined;
  /** A value of the run's shared state. */
  readonly state: (key: string) => unknown;
}

/** Decides whether a node runs; asked once all that the node waits for has ended. A text is the reason why it does not. */
export type ConditionCheck = (facts: ConditionFacts) => boolean | string | Promise<boolean | string>;

/** A node's condition names a function that nobody gave to the run. */
export class UnknownConditionError extends ApexError {
  readonly code = "APEX_UNKNOWN_CONDITION";

  constructor(nodeId: string, name: string, known: readonly string[]) {
    const hint = didYouMean(name, known);
    super(`there is no condition "${name}", which ${nodeId} asks for`, hint === undefined ? {} : { hint });
  }
}

/** What of a condition is known before the run starts: the reason why the node will not run, if so. */
export function staticRefusal(
  { environments, changed }: Condition,
  { environment, changedFiles }: Pick<Plan, "environment" | "changedFiles">,
): string | undefined {
  if (environments && !environments.includes(environment)) {
    return `runs only in ${environments.join(", ")}, not in ${environment}`;
  }
  if (changed && changedFiles && !changedFiles.some((file) => changed.some((glob) => matchesGlob(file, glob)))) {
    return `nothing changed in ${changed.join(", ")}`;
  }
  return undefined;
}

/** The part of a condition that other nodes' outcomes decide; a node that is not part of the run counts as passed. */
export function outcomeRefusal(
  { outcome = {} }: Condition,
  outcomeOf: (nodeId: string) => OutcomeStatus | undefined,
): string | undefined {
  for (const [nodeId, wanted] of Object.entries(outcome)) {
    const status = outcomeOf(nodeId) ?? "passed";
    if (!wanted.includes(status)) return `runs only when ${nodeId} ${wanted.join(" or ")}, and it ${ended(status)}`;
  }
  return undefined;
}

/** Asks a condition's function; throws what it throws. */
export async function checkRefusal(
  name: string,
  check: ConditionCheck,
  facts: ConditionFacts,
): Promise<string | undefined> {
  const answer: unknown = await check(facts);
  if (answer === true) return undefined;
  if (answer === false) return `its condition ${name} is false`;
  if (typeof answer === "string" && answer !== "") return answer;
  throw new TypeError(`the condition ${name} answered ${describeThrown(answer)}, not true, false or a reason`);
}

function ended(status: OutcomeStatus): string {
  return status === "skipped" || status === "cancelled" ? `was ${status}` : status;
}
