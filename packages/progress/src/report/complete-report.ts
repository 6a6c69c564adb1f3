import { exitCodes, type RunSummary } from "@netra-apex/core";
import { deriveActions } from "./actions.ts";
import { computeCriteria } from "./criteria.ts";
import { groupFailures, mentionOf, nodeKey } from "./failure-groups.ts";
import type { ReportParts } from "./report-parts.ts";
import {
  type MergeFinding,
  mostSlowTests,
  type ReportedNode,
  type ReportedTest,
  reportVersion,
  type RunReport,
  type Verdict,
} from "./run-report.ts";

/** Computes the rest of a report from what events told. */
export function completeReport(
  parts: ReportParts,
  { summary, findings }: { readonly summary: RunSummary; readonly findings: readonly MergeFinding[] },
): RunReport {
  const { runs, layers } = parts;
  const nodes = effectiveNodes(parts.nodes);
  const tests = effectiveTests(parts);
  const superseded = supersededRuns(parts);
  const facts = {
    ...parts,
    nodes,
    tests,
    findings,
    layers: layers.filter(({ runId }) => !superseded.has(runId)),
  };
  const criteria = computeCriteria(facts);
  const holds = criteria.every(({ status, isDecisive }) => status !== "not-met" || !isDecisive);
  const verdict: Verdict = {
    holds,
    outcome: summary.outcome,
    exitCode: !holds && summary.exitCode === exitCodes.passed ? exitCodes.inconclusive : summary.exitCode,
    criteria,
  };
  const flakyTests = tests.filter(({ flaky }) => flaky).map(mentionOf);
  const slowestTests = tests
    .toSorted((left, right) => right.durationMs - left.durationMs)
    .slice(0, mostSlowTests)
    .filter(({ durationMs }) => durationMs > 0)
    .map(mentionOf);
  return {
    version: reportVersion,
    runs,
    from: runs.map(({ from }) => from).reduce((earliest, from) => (from < earliest ? from : earliest)),
    to: runs.map(({ to }) => to).reduce((latest, to) => (to > latest ? to : latest)),
    summary,
    verdict,
    layers,
    nodes: parts.nodes,
    tests: parts.tests,
    failures: groupFailures({ nodes, tests, layers: facts.layers, shortages: parts.shortages }),
    flakyTests,
    slowestTests,
    services: parts.services,
    shortages: parts.shortages,
    waits: parts.waits,
    environments: parts.environments,
    alerts: parts.alerts,
    warnings: parts.warnings,
    findings,
    actions: deriveActions({ ...facts, flakyTests }),
    timeline: parts.timeline,
    samples: parts.samples,
    processSamples: parts.processSamples,
  };
}

/** Nodes whose end counts: not those that a later run has again. */
export function effectiveNodes(nodes: readonly ReportedNode[]): readonly ReportedNode[] {
  return nodes.filter(({ supersededBy }) => supersededBy === undefined);
}

/** Tests whose end counts: a pass that a later run has kept was not told again there. */
export function effectiveTests({ nodes, tests }: Pick<ReportParts, "nodes" | "tests">): readonly ReportedTest[] {
  const left = new Set(
    nodes
      .filter(({ supersededBy, isKeptLater }) => supersededBy !== undefined && !isKeptLater)
      .map(({ runId, id }) => nodeKey(runId, id)),
  );
  return left.size === 0 ? tests : tests.filter(({ runId, nodeId }) => !left.has(nodeKey(runId, nodeId)));
}

/** Runs that a later one of the report goes on with. */
export function supersededRuns({ runs }: Pick<ReportParts, "runs">): ReadonlySet<string> {
  const ids = new Set(runs.map(({ runId }) => runId));
  return new Set(runs.flatMap(({ resumes }) => (resumes !== undefined && ids.has(resumes) ? [resumes] : [])));
}
