import { type MergeOptions, mergeSummaries, type RunId } from "@netra-apex/core";
import { completeReport, supersededRuns } from "./complete-report.ts";
import { nodeKey } from "./failure-groups.ts";
import { findMismatches } from "./merge-findings.ts";
import { ReportError } from "./report-error.ts";
import type { ReportParts } from "./report-parts.ts";
import type { MergeFinding, ReportedNode, ReportedRun, RunReport, TimelineSpan } from "./run-report.ts";

/**
 * Several runs as one: shards of several machines, foreground and background, or an interrupted run with those that went on
 * with it. Nothing is lost on the way or told twice: what ran in two of them, what is missing and what contradicts itself is
 * in `findings`, and the verdict does not hold then. Of a run that another one resumes, the later end of each node counts.
 *
 * Which reports are merged first makes no difference; only `expectedNodes` is about exactly these. Throws `ReportError`
 * without any report.
 */
export function mergeRunReports(reports: Iterable<RunReport>, options: MergeOptions = {}): RunReport {
  const all = [...reports];
  const runs = uniqueRuns(all);
  const from = runs[0]?.from;
  if (from === undefined) throw new ReportError("there are no reports to merge");
  const twice = all.flatMap((report) => report.findings).filter(({ kind }) => kind === "same-run-twice");
  const parts = joinParts(all, runs, from);
  const heads = runs.filter(({ runId }) => !supersededRuns({ runs }).has(runId));
  const summary = mergeSummaries(
    heads.map((run) => run.summary),
    options,
  );
  const findings = [...uniqueFindings([...twice, ...repeatedRuns(all)]), ...findMismatches(parts)];
  const { expectedNodes } = options;
  if (expectedNodes !== undefined && summary.nodes.total !== expectedNodes) {
    const message = `${expectedNodes} nodes are expected, the runs have ${summary.nodes.total}`;
    findings.push({ kind: "missing", isLoss: true, message, refs: heads.map(endOf) });
  }
  return completeReport(parts, { summary, findings });
}

/** Each run once, the earliest first. */
function uniqueRuns(reports: readonly RunReport[]): ReportedRun[] {
  const runs = new Map<RunId, ReportedRun>();
  for (const run of reports.flatMap((report) => report.runs)) {
    // The longer recording of a run tells more of it.
    if ((runs.get(run.runId)?.endSeq ?? 0) < run.endSeq) runs.set(run.runId, run);
  }
  return [...runs.values()].sort((a, b) => compare(a.from, b.from) || compare(a.runId, b.runId));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function repeatedRuns(reports: readonly RunReport[]): MergeFinding[] {
  const seen = new Set<RunId>();
  const repeated = new Map<RunId, ReportedRun>();
  for (const run of reports.flatMap((report) => report.runs)) {
    if (seen.has(run.runId)) repeated.set(run.runId, run);
    seen.add(run.runId);
  }
  return [...repeated.values()].map((run) => ({
    kind: "same-run-twice",
    isLoss: false,
    message: `the run ${run.runId} was given more than once; it counts once`,
    refs: [endOf(run)],
  }));
}

function uniqueFindings(findings: readonly MergeFinding[]): MergeFinding[] {
  return [...new Map(findings.map((finding) => [finding.message, finding])).values()];
}

/** What the events of all runs told, on the time scale that starts at `from`; each run comes from one report alone. */
function joinParts(reports: readonly RunReport[], runs: readonly ReportedRun[], from: string): ReportParts {
  const parts = runs.map((run) => partsOf(run, reports, from));
  let lanes = 0;
  const timeline = parts.flatMap((part) => {
    const shifted = part.timeline.map((span): TimelineSpan => ({ ...span, lane: span.lane + lanes }));
    lanes = shifted.reduce((most, { lane }) => Math.max(most, lane + 1), lanes);
    return shifted;
  });
  return {
    runs,
    layers: parts.flatMap((part) => part.layers),
    nodes: supersede(
      parts.flatMap((part) => part.nodes),
      runs,
    ),
    tests: parts.flatMap((part) => part.tests),
    services: parts.flatMap((part) => part.services),
    shortages: parts.flatMap((part) => part.shortages),
    waits: parts.flatMap((part) => part.waits),
    environments: parts.flatMap((part) => part.environments),
    alerts: parts.flatMap((part) => part.alerts),
    warnings: parts.flatMap((part) => part.warnings),
    timeline,
    samples: parts.flatMap((part) => part.samples),
    processSamples: parts.flatMap((part) => part.processSamples),
  };
}

/** One run's own parts, its lanes counted from 0 and its offsets from `from` on. */
function partsOf(run: ReportedRun, reports: readonly RunReport[], from: string): Omit<ReportParts, "runs"> {
  const report = reports.find(({ runs }) => runs.includes(run));
  const own = <Part extends { readonly runId: RunId }>(of: (report: RunReport) => readonly Part[]): Part[] =>
    report ? of(report).filter(({ runId }) => runId === run.runId) : [];
  const shiftMs = Date.parse(report?.from ?? from) - Date.parse(from);
  const spans = own(({ timeline }) => timeline);
  const firstLane = spans.reduce((least, { lane }) => Math.min(least, lane), Infinity);
  return {
    layers: own(({ layers }) => layers).map((layer) =>
      layer.startMs === undefined ? layer : { ...layer, startMs: layer.startMs + shiftMs },
    ),
    nodes: own(({ nodes }) => nodes),
    tests: own(({ tests }) => tests).map((test) => ({ ...test, atMs: test.atMs + shiftMs })),
    services: own(({ services }) => services),
    shortages: own(({ shortages }) => shortages),
    waits: own(({ waits }) => waits),
    environments: own(({ environments }) => environments),
    alerts: own(({ alerts }) => alerts).map(({ clearedMs, ...alert }) => ({
      ...alert,
      atMs: alert.atMs + shiftMs,
      ...(clearedMs !== undefined && { clearedMs: clearedMs + shiftMs }),
    })),
    warnings: own(({ warnings }) => warnings),
    timeline: spans.map((span) => ({
      ...span,
      startMs: span.startMs + shiftMs,
      endMs: span.endMs + shiftMs,
      lane: span.lane - firstLane,
    })),
    samples: own(({ samples }) => samples).map((sample) => ({ ...sample, atMs: sample.atMs + shiftMs })),
    processSamples: own(({ processSamples }) => processSamples).map((sample) => ({
      ...sample,
      atMs: sample.atMs + shiftMs,
    })),
  };
}

/** Marks the nodes whose end counts in a later run that goes on with theirs. */
function supersede(nodes: readonly ReportedNode[], runs: readonly ReportedRun[]): ReportedNode[] {
  const byKey = new Map(nodes.map((node) => [nodeKey(node.runId, node.id), node]));
  const nextOf = new Map(
    runs.flatMap(({ runId, resumes }) => (resumes === undefined ? [] : [[resumes, runId] as const])),
  );
  return nodes.map(({ supersededBy: _by, isKeptLater: _kept, ...node }) => {
    const chain: RunId[] = [];
    // Runs cannot go on with each other in a circle, but a forged log could.
    for (let next = nextOf.get(node.runId); next !== undefined && !chain.includes(next); next = nextOf.get(next)) {
      if (byKey.has(nodeKey(next, node.id))) chain.push(next);
      else break;
    }
    const last = chain.at(-1);
    if (last === undefined) return node;
    const isKept =
      node.keptFrom === undefined && chain.every((runId) => byKey.get(nodeKey(runId, node.id))?.keptFrom !== undefined);
    return { ...node, supersededBy: last, ...(isKept && { isKeptLater: true }) };
  });
}

function endOf({ runId, endSeq }: ReportedRun): { readonly runId: RunId; readonly seq: number } {
  return { runId, seq: endSeq };
}
