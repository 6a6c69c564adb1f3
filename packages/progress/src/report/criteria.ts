import { describeOutcome, formatDuration as formatLimit } from "@netra-apex/core";
import { formatDuration } from "../render/durations.ts";
import type { ReportParts } from "./report-parts.ts";
import type { Criterion, CriterionStatus, EventRef, MergeFinding, ReportedNode } from "./run-report.ts";
import { isFailed } from "./test-fold.ts";

/** What the criteria of a run, or of several as one, are computed from; nodes and tests that count alone. */
export type CriteriaFacts = Pick<ReportParts, "runs" | "layers" | "nodes" | "tests" | "warnings"> & {
  readonly findings: readonly MergeFinding[];
};

/** Everything that a verdict stands on, in the order in which it is read. */
export function computeCriteria(facts: CriteriaFacts): Criterion[] {
  return [
    recorded(facts),
    nodesEnded(facts),
    nodesPassed(facts),
    testsPassed(facts),
    testsTold(facts),
    ...budgets(facts),
    evidence(facts),
    flaky(facts),
    promises(facts),
    ...(facts.runs.length > 1 || facts.findings.length > 0 ? [nothingLost(facts)] : []),
    reporters(facts),
  ];
}

function recorded({ runs }: CriteriaFacts): Criterion {
  const open = runs.filter(({ isComplete, runId }) => !isComplete && !runs.some(({ resumes }) => resumes === runId));
  return check("recorded", "the run was recorded to its end", {
    against: open.map(endOfRun),
    inFavour: runs.map(endOfRun),
    detail:
      open.length === 0
        ? "the last event tells the run's end"
        : `the recording stops before the end of ${open.map(({ runId }) => runId).join(", ")}`,
  });
}

function nodesEnded({ nodes }: CriteriaFacts): Criterion {
  const open = nodes.filter(({ outcome }) => !outcome);
  return check("nodes-ended", "every node has an end", {
    against: open,
    inFavour: nodes.slice(-1),
    detail: open.length === 0 ? `${nodes.length} of ${nodes.length}` : `no end of ${names(open)}`,
  });
}

function nodesPassed({ runs, nodes }: CriteriaFacts): Criterion {
  const asked = nodes.filter(({ outcome }) => !hadNothingToRun(outcome));
  const passed = asked.filter(({ outcome }) => outcome?.status === "passed");
  const against = asked.filter(({ outcome }) => outcome?.status !== "passed");
  return check("nodes-passed", "every node that had something to run passed", {
    isAsked: true,
    // A run in which nothing had anything to run proves nothing.
    against: asked.length > 0 ? against : nodes.length > 0 ? nodes : runs.map(endOfRun),
    inFavour: passed.slice(-1),
    detail: `${passed.length} of ${asked.length}${against.length > 0 ? `; not ${names(against)}` : ""}`,
  });
}

function testsPassed({ nodes, tests }: CriteriaFacts): Criterion {
  const failed = tests.filter(isFailed);
  const counting = nodes.filter(({ isWhole }) => !isWhole);
  const counted = counting.reduce((sum, { counts }) => sum + counts.failed, 0);
  const total = counting.reduce((sum, { counts }) => sum + counts.total, 0);
  const against = [...failed, ...counting.filter(({ counts, toldTests }) => counts.failed > 0 && toldTests === 0)];
  return check("tests-passed", "no test failed", {
    isAsked: total > 0 || against.length > 0,
    against: against.length === 0 && counted > 0 ? counting.filter(({ counts }) => counts.failed > 0) : against,
    inFavour: counting.filter(({ counts }) => counts.total > 0).slice(-1),
    detail: total === 0 ? "no test was counted" : `${counted} of ${total} failed`,
  });
}

/** A node that only counts its tests tells none of them. */
function testsTold({ nodes }: CriteriaFacts): Criterion {
  const telling = nodes.filter(({ toldTests, isWhole, supersededBy }) => toldTests > 0 && !isWhole && !supersededBy);
  const differing = telling.filter(({ toldTests, counts }) => toldTests !== counts.total);
  const differences = differing.map(({ id, toldTests, counts }) => `${id}: ${toldTests} told, ${counts.total} counted`);
  return check("tests-told", "the tests that were told are those that were counted", {
    isAsked: telling.length > 0,
    isDecisive: false,
    against: differing,
    inFavour: telling.slice(-1),
    detail:
      telling.length === 0
        ? "no test was told by itself"
        : differences.join("; ") || `${telling.reduce((sum, { toldTests }) => sum + toldTests, 0)} tests`,
  });
}

function budgets({ layers, runs, nodes }: CriteriaFacts): Criterion[] {
  const ofLayers = layers.flatMap((layer): Criterion[] => {
    const { id, name, budgetMs, budgetUsed, durationMs, isBreached } = layer;
    if (budgetMs === undefined) return [];
    const cut = nodes.filter(
      ({ layerId, runId, outcome }) =>
        layerId === id && runId === layer.runId && outcome?.status === "timed-out" && outcome.deadline === "layer",
    );
    const ended = cut.length > 0 ? `; it ended ${names(cut)}` : "";
    const spent = `${formatDuration(durationMs)} of ${formatLimit(budgetMs)}${ended}`;
    return [
      check(`budget:${id}`, `${name} kept its budget`, {
        isAsked: budgetUsed !== undefined,
        against: isBreached ? [layer, ...cut] : [],
        inFavour: [layer],
        detail: budgetUsed === undefined ? "it did not start" : spent,
      }),
    ];
  });
  const ofRuns = runs.flatMap((run): Criterion[] => {
    const { budgetMs, summary } = run;
    if (budgetMs === undefined) return [];
    const isCut = summary.outcome.status === "timed-out" && summary.outcome.deadline === "run";
    return [
      check(runs.length === 1 ? "budget" : `budget:run:${run.runId}`, "the run kept its budget", {
        against: isCut || summary.durationMs > budgetMs ? [endOfRun(run)] : [],
        inFavour: [endOfRun(run)],
        detail: `${formatDuration(summary.durationMs)} of ${formatLimit(budgetMs)}`,
      }),
    ];
  });
  const all = [...ofLayers, ...ofRuns];
  return all.length > 0 ? all : [notAsked("budget", "budgets were kept", "no layer has one")];
}

function evidence({ nodes }: CriteriaFacts): Criterion {
  const decisive = ({ evidence: seen }: ReportedNode): boolean =>
    seen?.suspicions?.some(({ isDecisive }) => isDecisive) === true;
  const asked = nodes.filter(
    (node) => (node.minimumEvidence !== undefined || decisive(node)) && !hadNothingToRun(node.outcome),
  );
  // What did not pass proves nothing.
  const against = asked.filter((node) => node.outcome?.status !== "passed");
  const reasons = against.map(({ id, outcome }) => `${id}: ${outcome ? describeOutcome(outcome) : "no end"}`);
  return check("evidence", "what passed proves as much as was asked for", {
    isAsked: asked.length > 0,
    against,
    inFavour: asked.slice(-1),
    detail: asked.length === 0 ? "no node asks for a minimum" : reasons.join("; ") || names(asked),
  });
}

function flaky({ nodes }: CriteriaFacts): Criterion {
  const asked = nodes.filter(({ isFlakyForbidden, isWhole }) => isFlakyForbidden && !isWhole);
  const against = asked.filter((node) => node.flaky);
  return check("flaky", "nothing is flaky where that is not let pass", {
    isAsked: asked.length > 0,
    against,
    inFavour: asked.slice(-1),
    detail:
      asked.length === 0 ? "flaky passes are let pass" : against.length > 0 ? names(against) : `${asked.length} nodes`,
  });
}

function promises({ nodes }: CriteriaFacts): Criterion {
  const asked = nodes.filter(({ hasSla, slaBreaches }) => hasSla || slaBreaches.length > 0);
  const against = asked.filter(({ slaBreaches }) => slaBreaches.length > 0);
  const breaches = against.map(({ id, slaBreaches }) => `${id}: ${slaBreaches.map(({ what }) => what).join(", ")}`);
  return check("sla", "promised numbers were kept", {
    isAsked: asked.length > 0,
    against,
    inFavour: asked.slice(-1),
    detail: asked.length === 0 ? "no node promises any" : breaches.join("; ") || names(asked),
  });
}

function nothingLost({ findings, runs }: CriteriaFacts): Criterion {
  const losses = findings.filter(({ isLoss }) => isLoss);
  return check("nothing-lost", "the runs fit together", {
    isAsked: true,
    against: losses.flatMap(({ refs }) => refs),
    isAgainst: losses.length > 0,
    inFavour: runs.map(endOfRun),
    detail: losses.map(({ message }) => message).join("; ") || `${runs.length} runs`,
  });
}

function reporters({ warnings, runs }: CriteriaFacts): Criterion {
  const failed = warnings.filter(({ kind }) => kind === "reporter-failed");
  return check("reporters", "no reporter failed", {
    isDecisive: false,
    against: failed,
    inFavour: runs.map(endOfRun),
    detail: failed.map(({ who, message }) => `${who}: ${message}`).join("; ") || "none",
  });
}

interface Judgement {
  readonly isAsked?: boolean;
  readonly isDecisive?: boolean;
  readonly against: readonly EventRef[];
  /** Where something can speak against it without an event that says so. */
  readonly isAgainst?: boolean;
  readonly inFavour: readonly EventRef[];
  readonly detail: string;
}

function check(id: string, title: string, judgement: Judgement): Criterion {
  const { isAsked = true, isDecisive = true, against, isAgainst = against.length > 0, inFavour, detail } = judgement;
  const status: CriterionStatus = isAgainst ? "not-met" : isAsked ? "met" : "not-asked";
  const refs = (isAgainst ? against : isAsked ? inFavour : []).map(({ runId, seq }) => ({ runId, seq }));
  return { id, title, status, isDecisive, detail, refs };
}

function notAsked(id: string, title: string, detail: string): Criterion {
  return { id, title, status: "not-asked", isDecisive: true, detail, refs: [] };
}

function endOfRun({ runId, endSeq }: { readonly runId: string; readonly endSeq: number }): EventRef {
  return { runId, seq: endSeq };
}

function hadNothingToRun(outcome: ReportedNode["outcome"]): boolean {
  return outcome?.status === "skipped" && (outcome.cause === "not-configured" || outcome.cause === "condition");
}

const namedNodes = 5;

function names(nodes: readonly ReportedNode[]): string {
  const more = nodes.length > namedNodes ? ` and ${nodes.length - namedNodes} more` : "";
  return (
    nodes
      .slice(0, namedNodes)
      .map(({ id }) => id)
      .join(", ") + more
  );
}
