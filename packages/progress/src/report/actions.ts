import { describeOutcome } from "@netra-apex/core";
import { cleanLine } from "../render/clean-text.ts";
import { formatDuration } from "../render/durations.ts";
import { outcomeSentence } from "../render/outcome-text.ts";
import { missingText, outageText } from "../render/service-text.ts";
import type { ReportParts } from "./report-parts.ts";
import { slaText } from "./fact-texts.ts";
import type { CriteriaFacts } from "./criteria.ts";
import type { EventRef, ReportedAction, ReportedNode, TestMention } from "./run-report.ts";

/** The part of a budget that is worth a word before it breaks. */
const nearBudget = 0.8;

/** What there is to do: what failed first (`P0`), then what will fail next (`P1`). Each from an event that says so. */
export function deriveActions(
  facts: CriteriaFacts &
    Pick<ReportParts, "services" | "shortages" | "environments"> & { readonly flakyTests: readonly TestMention[] },
): ReportedAction[] {
  const { runs, nodes, layers, warnings, findings, flakyTests, services, shortages, environments } = facts;
  const open = shortages.filter(({ isResolved }) => !isResolved);
  return [
    ...runs
      .filter(({ isComplete, runId }) => !isComplete && !runs.some(({ resumes }) => resumes === runId))
      .map((run) =>
        p0(`the run ${run.runId} was interrupted: ${describeOutcome(run.summary.outcome)}`, {
          ...run,
          seq: run.endSeq,
        }),
      ),
    ...open
      .filter(({ policy }) => policy !== "skip")
      .flatMap((shortage) =>
        shortage.missing.map((one) => p0(`${shortage.layerId} needs ${missingText(one)}`, shortage)),
      ),
    ...nodes.filter(isBroken).map((node) => p0(brokenText(node), node, node.rerun)),
    ...layers.filter(({ isBreached }) => isBreached).map((layer) => p0(budgetText(layer), layer)),
    ...findings
      .filter(({ isLoss }) => isLoss)
      .map(({ message, refs }): ReportedAction => ({ priority: "P0", what: message, refs })),
    ...open
      .filter(({ policy }) => policy === "skip")
      .flatMap((shortage) =>
        shortage.missing.map((one) => p1(`${shortage.layerId} was left out: it needs ${missingText(one)}`, shortage)),
      ),
    ...services.flatMap(({ outages }) => outages.map((outage) => p1(outageText(outage), outage))),
    ...environments.flatMap((environment) => {
      const { name, change, end } = environment;
      return change === undefined
        ? []
        : [p1(`environment ${name} has changed during the run: ${change}`, end ?? environment)];
    }),
    ...nodes
      .filter(({ flaky, isWhole }) => flaky && !isWhole)
      .map((node) => p1(flakyText(node, flakyTests), node, node.rerun)),
    ...layers
      .filter(({ isBreached, budgetUsed = 0 }) => !isBreached && budgetUsed >= nearBudget)
      .map((layer) => p1(budgetText(layer), layer)),
    ...nodes.flatMap((node) => noticeTexts(node).map((text) => p1(`${node.id}: ${text}`, node))),
    ...warnings
      .filter(({ kind }) => kind !== "agent-warning")
      .map((warning) => p1(`${warning.kind.replace("-", " ")} ${warning.who}: ${warning.message}`, warning)),
  ];
}

/** Whether a node has an end that is bad in itself; what was left out or cancelled because of others is not. */
function isBroken({ outcome }: ReportedNode): boolean {
  return outcome !== undefined && !["passed", "skipped", "cancelled"].includes(outcome.status);
}

function brokenText({ id, outcome }: ReportedNode): string {
  return `${id} ${outcome ? outcomeSentence(outcome) : "has no end"}`;
}

function budgetText({
  name,
  durationMs,
  budgetMs = 0,
}: {
  name: string;
  durationMs: number;
  budgetMs?: number;
}): string {
  const used = budgetMs > 0 ? ` (${Math.round((durationMs / budgetMs) * 100)} %)` : "";
  return `${name} took ${formatDuration(durationMs)} of its budget of ${formatDuration(budgetMs)}${used}`;
}

function flakyText({ id, runId, attempts }: ReportedNode, flakyTests: readonly TestMention[]): string {
  const own = flakyTests.filter((test) => test.nodeId === id && test.runId === runId);
  const shown = own.slice(0, 3).map(({ title }) => cleanLine(title, 120));
  const more = own.length > shown.length ? ` and ${own.length - shown.length} more` : "";
  return own.length > 0
    ? `${id} is flaky: ${shown.join(", ")}${more}`
    : `${id} is flaky: it took ${attempts.length} attempts`;
}

function noticeTexts({ evidence, slaBreaches, outcome }: ReportedNode): string[] {
  const { suspicions = [], leaked = [], survivors = [], overdue = [] } = evidence ?? {};
  return [
    // A decisive one is the reason of the outcome already.
    ...suspicions.filter(({ isDecisive }) => !isDecisive).map(({ message }) => message),
    ...(outcome?.status === "passed" ? slaBreaches.map(slaText) : []),
    ...(leaked.length > 0 ? [`left running: ${leaked.slice(0, 3).join(", ")}`] : []),
    ...(overdue.length > 0 ? [`did not end after its last test: ${overdue.slice(0, 3).join(", ")}`] : []),
    ...(survivors.length > 0 ? [`could not be ended: ${survivors.slice(0, 3).join(", ")}`] : []),
  ].map((text) => cleanLine(text));
}

function p0(what: string, { runId, seq }: EventRef, rerun?: readonly string[]): ReportedAction {
  return { priority: "P0", what: cleanLine(what), refs: [{ runId, seq }], ...(rerun && { rerun }) };
}

function p1(what: string, { runId, seq }: EventRef, rerun?: readonly string[]): ReportedAction {
  return { priority: "P1", what: cleanLine(what), refs: [{ runId, seq }], ...(rerun && { rerun }) };
}
