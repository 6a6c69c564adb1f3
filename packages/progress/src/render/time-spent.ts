import { type DeadlineScope, formatDuration as formatLimit, type NodeId } from "@netra-apex/core";
import { type FinishedNode, keptSlowTests, type TimedTest } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { categoryTaskOf } from "./category.ts";
import { cleanLine } from "./clean-text.ts";
import { formatDuration } from "./durations.ts";
import { finishedInOrder } from "./finished-nodes.ts";
import type { Palette } from "./palette.ts";
import { testLocation, testPlace, testTitle } from "./test-title.ts";

/** A test is slow from here on, where its category says nothing else. */
const slowTestMs = 60_000;

/** A share of a node's time that no test explains is worth a line from here on. */
const notableShare = 0.1;

/** A test that took less of the budget is not worth one. */
const notableTestShare = 0.01;

/** Something that took time. */
interface Spender {
  readonly ms: number;
  readonly what: string;
}

/**
 * What spent the budget that a node ran out of: the tests that took the longest, of the node or, where the budget was that
 * of its layer or the run, of all nodes in it. What had not ended by then comes first. Told once for each budget.
 */
export function timeSpentLines(view: RunView, node: FinishedNode, palette: Palette): string[] {
  const { outcome } = node;
  if (outcome.status !== "timed-out") return [];
  const sharing = nodesUnder(view, node, outcome.deadline);
  const isTold = sharing.find((other) => isCutBy(other, outcome.deadline)) !== node;
  if (isTold) return [];
  const isShared = sharing.length > 1;
  const unfinished = sharing.flatMap((other) => openTime(other, isShared));
  const tests = sharing.flatMap((other) => [
    ...other.slowestTests.map((test) => ({
      ms: test.durationMs,
      what: nameOf(view, other, test, { isShared, palette }),
    })),
    // What tells no tests is told as one.
    ...(other.counts.total === 0 && other.outcome.status !== "timed-out" && other.durationMs > 0
      ? [{ ms: other.durationMs, what: cleanLine(other.id, 60) }]
      : []),
  ]);
  const notable = tests.filter(({ ms }) => ms >= outcome.limitMs * notableTestShare);
  const spenders = [...unfinished.sort(bySize), ...notable.sort(bySize).slice(0, keptSlowTests)];
  if (spenders.length === 0) return [];
  const head = `what spent the ${formatLimit(outcome.limitMs)}${outcome.deadline === "attempt" ? " of this attempt" : ""}:`;
  return [palette.dim(head), ...spenders.map(({ ms, what }) => `  ${formatDuration(ms).padStart(7)}  ${what}`)];
}

/** The slowest tests of a run that are slower than their categories think right, a line each, with their nodes. */
export function slowTests(view: RunView, palette: Palette): { readonly id: NodeId; readonly text: string }[] {
  const nodes = [...view.layers.values()].flatMap(finishedInOrder);
  const slow = nodes.flatMap((node) => {
    const limitMs = categoryTaskOf(view.planNodes.get(node.id))?.slowTestMs ?? slowTestMs;
    return node.slowestTests
      .filter(({ durationMs }) => durationMs > limitMs)
      .map((test) => ({ node, test, limitMs, ms: test.durationMs }));
  });
  return slow
    .sort(bySize)
    .slice(0, keptSlowTests)
    .map(({ node, test, limitMs, ms }) => ({
      id: node.id,
      text: `slow: ${formatDuration(ms)} (over ${formatLimit(limitMs)})  ${nameOf(view, node, test, { isShared: false, palette })}`,
    }));
}

function nodesUnder(view: RunView, node: FinishedNode, scope: DeadlineScope): FinishedNode[] {
  switch (scope) {
    case "attempt":
    case "category":
      return [node];
    case "layer":
      return [...(view.layers.get(node.layerId)?.finished ?? [])];
    case "run":
      return [...view.layers.values()].flatMap(({ finished }) => finished);
    default:
      return scope satisfies never;
  }
}

function isCutBy({ outcome }: FinishedNode, scope: DeadlineScope): boolean {
  return outcome.status === "timed-out" && outcome.deadline === scope;
}

/** The time of a node that was cut off in which no test of it ended. */
function openTime({ id, outcome, durationMs, testsMs }: FinishedNode, isShared: boolean): Spender[] {
  if (outcome.status !== "timed-out") return [];
  const ms = durationMs - testsMs;
  if (ms < durationMs * notableShare) return [];
  const whose = isShared ? `${cleanLine(id, 60)}: ` : "";
  return [{ ms, what: `${whose}no test ended (its start, or a test that still ran)` }];
}

function nameOf(
  view: RunView,
  node: FinishedNode,
  test: TimedTest,
  { isShared, palette }: { readonly isShared: boolean; readonly palette: Palette },
): string {
  const location = testLocation(test, testPlace(view, node));
  const title = `${isShared ? `${cleanLine(node.id, 60)}: ` : ""}${testTitle(test)}`;
  return location ? `${title}  ${palette.dim(location)}` : title;
}

function bySize(left: { readonly ms: number }, right: { readonly ms: number }): number {
  return right.ms - left.ms;
}
