import { describeOutcome, type LayerId, type NodeId, type RunId } from "@netra-apex/core";
import { testTitle } from "../../render/test-title.ts";
import { effectiveNodes, effectiveTests } from "../complete-report.ts";
import { evidenceFacts, slaText } from "../fact-texts.ts";
import { isRefusedLayer, nodeKey } from "../failure-groups.ts";
import { missingText } from "../../render/service-text.ts";
import {
  environmentFacts,
  environmentHeads,
  type FactRow,
  outageFacts,
  outageHeads,
  outageNotes,
  serviceFacts,
  serviceHeads,
  shortageText,
  waitText,
} from "../service-facts.ts";
import { RefNames } from "../report-texts.ts";
import type { ReportedNode, ReportedTest, RunReport } from "../run-report.ts";

/** How a test case ended, with what stands in its element. */
export type CaseResult =
  | { readonly kind: "passed" }
  | { readonly kind: "skipped"; readonly message?: string }
  | { readonly kind: "failure" | "error"; readonly type: string; readonly message: string; readonly text: string };

/** A test case. */
export interface JunitCase {
  readonly name: string;
  readonly classname: string;
  readonly durationMs: number;
  readonly result: CaseResult;
  /** It is a test; otherwise it says what no test says. */
  readonly isTest: boolean;
  /** What it failed by before it passed, or before it failed for good. */
  readonly earlier: readonly { readonly type: string; readonly message: string }[];
}

/** A node's tests. */
export interface JunitSuite {
  readonly name: string;
  /** Absent for what concerns the run as a whole. */
  readonly node?: { readonly runId: RunId; readonly nodeId: NodeId; readonly layerId: LayerId };
  readonly startMs?: number;
  readonly durationMs: number;
  readonly properties: readonly (readonly [name: string, value: string])[];
  readonly cases: readonly JunitCase[];
}

/** A suite for each node that has something to tell, and one for what concerns the run as a whole. */
export function junitSuites(report: RunReport): JunitSuite[] {
  const refs = new RefNames(report);
  const byNode = new Map<string, ReportedTest[]>();
  for (const test of effectiveTests(report)) {
    const key = nodeKey(test.runId, test.nodeId);
    const known = byNode.get(key);
    if (known) known.push(test);
    else byNode.set(key, [test]);
  }
  const outagesOf = outageNotes(report);
  const starts = new Map(
    report.timeline.flatMap(({ kind, runId, nodeId = "", startMs }) =>
      kind === "node" ? [[nodeKey(runId, nodeId), startMs] as const] : [],
    ),
  );
  const suites = effectiveNodes(report.nodes).flatMap((node): JunitSuite[] => {
    const key = nodeKey(node.keptFrom ?? node.runId, node.id);
    const cases = (byNode.get(key) ?? []).map((test) => testCase(test, outagesOf(test)));
    const own = nodeCase(node, cases);
    // The parts of a whole have their own suites.
    if (node.isWhole && !own) return [];
    const startMs = starts.get(nodeKey(node.runId, node.id));
    return [
      {
        name: report.runs.length > 1 ? `${node.id} (${node.runId})` : node.id,
        node: { runId: node.keptFrom ?? node.runId, nodeId: node.id, layerId: node.layerId },
        durationMs: node.durationMs,
        properties: properties(node, cases, refs),
        cases: own ? [...cases, own] : cases,
        ...(startMs !== undefined && { startMs }),
      },
    ];
  });
  const ofRun = [...layerCases(report), ...runCases(report)];
  const told = runProperties(report);
  if (ofRun.length + told.length === 0) return suites;
  return [...suites, { name: "apex", durationMs: 0, properties: told, cases: ofRun }];
}

function testCase(test: ReportedTest, outages: readonly string[]): JunitCase {
  const { file, nodeId, durationMs, flaky, retries, earlier = [] } = test;
  const before = earlier.map(({ message = "", attempt }) => ({ type: `attempt ${attempt}`, message }));
  // The framework retried it by itself, and told only that it did.
  const byFramework = { type: "flaky", message: `it failed before it passed, ${retries} retries` };
  return {
    name: testTitle(test),
    isTest: true,
    classname: file === undefined || file === "" ? nodeId : file,
    durationMs,
    result: withNotes(resultOf(test), outages),
    earlier: flaky && before.length === 0 ? [byFramework] : before,
  };
}

/** What was down while it ran, below what it failed by. */
function withNotes(result: CaseResult, notes: readonly string[]): CaseResult {
  if (notes.length === 0 || result.kind === "passed" || result.kind === "skipped") return result;
  return { ...result, text: [result.text, "", ...notes].join("\n") };
}

function resultOf({ status, message = "", details }: ReportedTest): CaseResult {
  switch (status) {
    case "passed":
      return { kind: "passed" };
    case "skipped":
      return { kind: "skipped", ...(message !== "" && { message }) };
    case "todo":
      return { kind: "skipped", message: message === "" ? "todo" : message };
    case "failed":
    case "errored":
      return { kind: status === "failed" ? "failure" : "error", type: status, message, text: details ?? message };
    default:
      return status satisfies never;
  }
}

/** What a node has to say that none of its tests says, so that nothing that did not pass looks green. */
function nodeCase(node: ReportedNode, cases: readonly JunitCase[]): JunitCase | undefined {
  const common = {
    name: node.id,
    classname: `apex.${node.layerId}`,
    durationMs: node.durationMs,
    isTest: false,
    earlier: [],
  };
  const { outcome, evidence, counts } = node;
  if (!outcome) {
    const message = "no end of it is recorded";
    return { ...common, result: { kind: "error", type: "no-end", message, text: message } };
  }
  switch (outcome.status) {
    case "passed":
      return undefined;
    case "skipped":
      return { ...common, durationMs: 0, result: { kind: "skipped", message: outcome.reason } };
    case "failed":
      // Its tests, or its parts' tests, have said so.
      if (cases.some(({ result }) => result.kind === "failure" || result.kind === "error")) return undefined;
      if (node.isWhole && counts.failed > 0) return undefined;
      break;
    case "timed-out":
    case "cancelled":
    case "errored":
    case "inconclusive":
      break;
    default:
      return outcome satisfies never;
  }
  const message = describeOutcome(outcome);
  const text = [message, evidence?.outputTail].filter(Boolean).join("\n\n");
  return { ...common, result: { kind: "error", type: outcome.status, message, text } };
}

/** Layers that did not start, of which no node says more than that it was skipped. */
function layerCases(report: RunReport): JunitCase[] {
  return report.layers.filter(isRefusedLayer).map(({ id, name, runId, outcome }) => {
    const message = describeOutcome(outcome);
    const shortages = report.shortages.filter((one) => one.layerId === id && one.runId === runId && !one.isResolved);
    const lines = shortages.flatMap(({ missing }) => missing.map(missingText));
    const text = [message, ...(lines.length > 0 ? ["", ...lines] : [])].join("\n");
    return {
      name,
      classname: "apex.layer",
      durationMs: 0,
      isTest: false,
      earlier: [],
      result: { kind: "error", type: outcome.status, message, text },
    };
  });
}

/** What the run as a whole stood on. */
function runProperties(report: RunReport): [string, string][] {
  const { services, shortages, waits, environments } = report;
  if (services.length + shortages.length + waits.length + environments.length === 0) return [];
  const rows = (heads: readonly string[], facts: readonly FactRow[]): string[] =>
    facts.map(({ cells: [first, ...cells] }) =>
      [first, ...cells.map((cell, index) => `${heads[index + 1]}: ${cell}`)].join(", "),
    );
  return [
    ...rows(serviceHeads, serviceFacts(report)).map((text): [string, string] => ["apex.service", text]),
    ...rows(outageHeads, outageFacts(report)).map((text): [string, string] => ["apex.outage", text]),
    ...shortages.map((shortage): [string, string] => ["apex.missing", shortageText(report, shortage)]),
    ...waits.map((wait): [string, string] => ["apex.wait", waitText(report, wait)]),
    ...rows(environmentHeads, environmentFacts(report)).map((text): [string, string] => ["apex.environment", text]),
  ];
}

/** Criteria that nodes and tests do not show by themselves. */
function runCases({ verdict }: RunReport): JunitCase[] {
  const own = verdict.criteria.filter(
    ({ id, status, isDecisive }) =>
      status === "not-met" && isDecisive && (id === "recorded" || id === "nothing-lost" || id.startsWith("budget")),
  );
  return own.map(({ id, title, detail }) => ({
    name: title,
    classname: "apex.verdict",
    durationMs: 0,
    isTest: false,
    earlier: [],
    result: { kind: "error", type: id, message: detail, text: detail },
  }));
}

function properties(node: ReportedNode, cases: readonly JunitCase[], refs: RefNames): [string, string][] {
  const { id, layerId, category, shard, outcome, counts, flaky, attempts, keptFrom, evidence, slaBreaches, isWhole } =
    node;
  const isLost = !isWhole && counts.total !== cases.length;
  const all: [name: string, value: string | undefined][] = [
    ["apex.node", id],
    ["apex.layer", layerId],
    ["apex.category", category],
    ["apex.shard", shard && `${shard.index}/${shard.total}`],
    ["apex.event", refs.of(node)],
    ["apex.outcome", outcome?.status],
    ["apex.reason", outcome && "reason" in outcome ? outcome.reason : undefined],
    ["apex.attempts", String(attempts.length)],
    ["apex.flaky", flaky ? "true" : undefined],
    ["apex.kept-from", keptFrom],
    [
      "apex.tests-not-told",
      isLost ? `${counts.total} tests were counted, ${cases.length} are in this file` : undefined,
    ],
    ...slaBreaches.map((breach): [string, string] => ["apex.sla-breach", slaText(breach)]),
    ...evidenceFacts(evidence).map(({ label, text }): [string, string] => [`apex.${label.replaceAll(" ", "-")}`, text]),
  ];
  return all.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
}
