import { describeOutcome, type FailureClass, failureClassOf, type NodeId, type RunId } from "@netra-apex/core";
import { causeOf, firstLine } from "./failure-cause.ts";
import type { EventRef, FailureGroup, ReportedNode, ReportedTest, TestMention } from "./run-report.ts";
import { isFailed, titleOf } from "./test-fold.ts";

interface Group {
  readonly cause: string;
  readonly example: string;
  readonly failureClass: FailureClass | undefined;
  readonly tests: TestMention[];
  readonly nodes: (EventRef & { readonly nodeId: NodeId })[];
}

/** A test by its name alone. */
export function mentionOf(test: ReportedTest): TestMention {
  const { runId, seq, nodeId, file, line, status, durationMs } = test;
  return {
    runId,
    seq,
    nodeId,
    title: titleOf(test),
    status,
    durationMs,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  };
}

/** What went wrong, by cause; the largest group comes first, then in the order in which they were met. */
export function groupFailures(nodes: readonly ReportedNode[], tests: readonly ReportedTest[]): FailureGroup[] {
  const groups = new Map<string, Group>();
  const groupOf = (message: string, failureClass: FailureClass | undefined): Group => {
    const cause = causeOf(message) || "no message";
    const key = `${failureClass} ${cause}`;
    const group = groups.get(key) ?? { cause, example: firstLine(message), failureClass, tests: [], nodes: [] };
    groups.set(key, group);
    return group;
  };
  const nodesByKey = new Map(nodes.map((node) => [nodeKey(node.runId, node.id), node]));
  const withFailedTests = new Set<string>();
  for (const test of tests.filter(isFailed)) {
    const key = nodeKey(test.runId, test.nodeId);
    withFailedTests.add(key);
    groupOf(test.message ?? test.details ?? "", classOfTest(test, nodesByKey.get(key))).tests.push(mentionOf(test));
  }
  for (const node of nodes) {
    if (!isCause(node, withFailedTests.has(nodeKey(node.runId, node.id)))) continue;
    const { outcome, runId, seq, id } = node;
    groupOf(describeOutcome(outcome), failureClassOf(outcome)).nodes.push({ runId, seq, nodeId: id });
  }
  return [...groups.values()]
    .map(({ failureClass, ...group }) => ({
      ...group,
      ...(failureClass !== undefined && { failureClass }),
      count: group.tests.length + group.nodes.length,
    }))
    .sort((left, right) => right.count - left.count);
}

/** A node's identity in a report of several runs. */
export function nodeKey(runId: RunId, nodeId: NodeId): string {
  return `${runId} ${nodeId}`;
}

/** Whether a node went wrong by itself: what its tests or its parts said is no second cause. */
function isCause(
  node: ReportedNode,
  hasFailedTests: boolean,
): node is ReportedNode & { readonly outcome: NonNullable<ReportedNode["outcome"]> } {
  const { outcome, isWhole, counts } = node;
  if (!outcome) return false;
  switch (outcome.status) {
    case "failed":
      return !hasFailedTests && !(isWhole && counts.failed > 0);
    case "timed-out":
    case "errored":
    case "inconclusive":
      return true;
    case "passed":
    case "skipped":
    case "cancelled":
      return false;
    default:
      return outcome satisfies never;
  }
}

/** What a node failed by is what its tests failed by, unless it ended by something else. */
function classOfTest({ status }: ReportedTest, node: ReportedNode | undefined): FailureClass {
  const outcome = node?.outcome;
  if (outcome?.status === "failed" && outcome.failureClass !== undefined) return outcome.failureClass;
  return status === "errored" ? "collection" : "assertion";
}
