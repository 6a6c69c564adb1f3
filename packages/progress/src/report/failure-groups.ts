import {
  describeOutcome,
  type FailureClass,
  failureClassOf,
  type NodeId,
  type Outcome,
  type RunId,
} from "@netra-apex/core";
import { missingName, missingText, outageText } from "../render/service-text.ts";
import { causeOf, firstLine } from "./failure-cause.ts";
import type { ReportParts } from "./report-parts.ts";
import type { EventRef, FailureGroup, ReportedLayer, ReportedNode, ReportedTest, TestMention } from "./run-report.ts";
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

/**
 * What went wrong, by cause; the largest group comes first, then in the order in which they were met. What failed because
 * services were down is one group for them, whatever each failure says.
 */
export function groupFailures({ nodes, tests, layers, shortages }: FailureFacts): FailureGroup[] {
  const groups = new Map<string, Group>();
  const groupOf = (
    message: string,
    failureClass: FailureClass | undefined,
    cause = causeOf(message) || "no message",
  ): Group => {
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
    const node = nodesByKey.get(key);
    const message = test.message ?? test.details ?? "";
    const group = node && isByOutage(node) ? outageGroup(node, groupOf) : groupOf(message, classOfTest(test, node));
    group.tests.push(mentionOf(test));
  }
  for (const node of nodes) {
    const hasFailedTests = withFailedTests.has(nodeKey(node.runId, node.id));
    if (!isCause(node, hasFailedTests)) continue;
    const { outcome, runId, seq, id } = node;
    if (isByOutage(node)) {
      if (!hasFailedTests) outageGroup(node, groupOf).nodes.push({ runId, seq, nodeId: id });
      continue;
    }
    groupOf(describeOutcome(outcome), failureClassOf(outcome)).nodes.push({ runId, seq, nodeId: id });
  }
  for (const { runId, seq, id, name, outcome } of layers.filter(isRefusedLayer)) {
    const shortage = shortages.find((one) => one.layerId === id && one.runId === runId && !one.isResolved);
    const names = shortage?.missing.map(missingName) ?? [];
    const why = describeOutcome(outcome);
    const said = shortage ? shortage.missing.map(missingText).join("; ") : why;
    const group = groupOf(said, failureClassOf(outcome), names.length > 0 ? `not available: ${names.join(", ")}` : why);
    const left = nodes.filter((node) => node.layerId === id && node.runId === runId);
    group.nodes.push(
      ...(left.length > 0 ? left : [{ runId, seq, id: name }]).map((node) => ({
        runId: node.runId,
        seq: node.seq,
        nodeId: node.id,
      })),
    );
  }
  return [...groups.values()]
    .map(({ failureClass, ...group }) => ({
      ...group,
      ...(failureClass !== undefined && { failureClass }),
      count: group.tests.length + group.nodes.length,
    }))
    .sort((left, right) => right.count - left.count);
}

/** What failures are grouped from. */
export type FailureFacts = Pick<ReportParts, "nodes" | "tests" | "layers" | "shortages">;

/** Whether a layer was kept from starting, and failed by that. */
export function isRefusedLayer(layer: ReportedLayer): layer is ReportedLayer & { readonly outcome: Outcome } {
  const { outcome, startMs } = layer;
  return startMs === undefined && (outcome?.status === "errored" || outcome?.status === "inconclusive");
}

/** Whether all that a node failed by lies within outages. */
function isByOutage({ outcome, evidence }: ReportedNode): boolean {
  if (outcome?.status !== "errored" || outcome.failureClass !== "infrastructure") return false;
  return (evidence?.outages ?? []).length > 0;
}

function outageGroup(
  { evidence }: ReportedNode,
  groupOf: (message: string, failureClass: FailureClass, cause: string) => Group,
): Group {
  const outages = evidence?.outages ?? [];
  const names = [...new Set(outages.map(({ service }) => service))].sort();
  return groupOf(
    outages.map(outageText).join("; "),
    "infrastructure",
    `${names.join(", ")} ${names.length > 1 ? "were" : "was"} down`,
  );
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
