import type { FinishedNode, KeptTest } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { cleanLine } from "./clean-text.ts";
import type { NodeTableRow } from "./node-table.ts";
import { outcomeSentence } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";
import { testLocation, testPlace, testTitle } from "./test-title.ts";

/** What of a node passed only on a retry: its tests by name where they are known, else how its earlier attempts ended. */
export function flakyRows(view: RunView, node: FinishedNode, palette: Palette): NodeTableRow[] {
  const place = testPlace(view, node);
  // The same test may have been kept twice, by its failure with a line and by its pass without one.
  const tests = new Map([...node.flakyTests, ...recoveredTests(node)].map((test) => [testTitle(test), test]));
  const named = [...tests.values()].map((test) => {
    const location = testLocation(test, place);
    return location ? `${testTitle(test)}  ${palette.dim(location)}` : testTitle(test);
  });
  const texts = named.length > 0 || !node.flaky ? new Set(named) : [describeAttempts(node)];
  return [...texts].map((text) => ({ mark: palette.warn("~"), name: cleanLine(node.id, 60), text: `flaky: ${text}` }));
}

/** Tests that failed in an earlier attempt of a node that passed in the end. */
function recoveredTests({ flaky, outcome, earlierAttempts }: FinishedNode): readonly KeptTest[] {
  return flaky && outcome.status === "passed" ? earlierAttempts.flatMap(({ failedTests }) => failedTests) : [];
}

function describeAttempts({ outcome, attempts, earlierAttempts }: FinishedNode): string {
  if (earlierAttempts.length === 0) return "passed only on a retry";
  const earlier = earlierAttempts.map((attempt) => `attempt ${attempt.attempt} ${outcomeSentence(attempt.outcome)}`);
  return [`${outcome.status === "passed" ? "passed" : "ended"} on attempt ${attempts}`, ...earlier].join("; ");
}
