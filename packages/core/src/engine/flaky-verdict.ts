import type { Outcome } from "../outcome.ts";
import type { PlanNode } from "../plan/plan.ts";
import { nameTests } from "./node-tests.ts";

/** What is known of a node that is flaky. */
interface FlakyFacts {
  /** Of the tests that failed before they passed; empty where the node reports no tests, or does not say which. */
  readonly titles: readonly string[];
  readonly attempts: number;
}

/** What a flaky node comes to: where its layer fails what is flaky, a pass fails, by the names of the tests. */
export function flakyVerdict(node: PlanNode, outcome: Outcome, { titles, attempts }: FlakyFacts): Outcome {
  if (outcome.status !== "passed" || node.flaky !== "fail") return outcome;
  const what =
    titles.length > 0
      ? nameTests(titles)
      : attempts > 1
        ? `it passed only on attempt ${attempts}`
        : "tests passed only on a retry";
  return { status: "failed", reason: `flaky, which layer ${node.layerId} does not let pass: ${what}` };
}
