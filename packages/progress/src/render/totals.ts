import type { NodeId, Outcome, RunSummary } from "@netra-apex/core";
import type { FinishedNode } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { categoryName } from "./category.ts";
import { cleanLine } from "./clean-text.ts";
import { formatCategoryCounts, formatTestCounts } from "./counts.ts";
import { formatDuration } from "./durations.ts";
import { exitMeaning } from "./exit-meaning.ts";
import { layerName } from "./layer-line.ts";
import { flakyRows } from "./flaky-rows.ts";
import { finishedInOrder, hasRun, isRefused, type RefusedLayer } from "./finished-nodes.ts";
import { limitSummary } from "./limit-lines.ts";
import { noticeRows } from "./notice-rows.ts";
import { nodeTable, type NodeTableRow } from "./node-table.ts";
import { outcomeMark, outcomeSentence, outcomeStyle, statusWord } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";
import { slowTests } from "./time-spent.ts";

const shownRows = 30;

/** The end of a run: one line of totals, what did not pass or was flaky, and what the exit code means. */
export function totals(view: RunView, summary: RunSummary, palette: Palette): string[] {
  const nodes = [...view.layers.values()].flatMap(finishedInOrder);
  const broken = nodes.filter(({ outcome }) => outcome.status !== "passed" && outcome.status !== "skipped");
  const refused = [...view.layers.values()].filter(isRefused);
  const rows = [
    ...refused.map((layer) => refusedRow(layer, palette)),
    ...broken.map((node) => brokenRow(node, palette)),
    ...nodes.filter((node) => !isWhole(view, node)).flatMap((node) => flakyRows(view, node, palette)),
    ...slowTests(view, palette).map(({ id, text }) => ({ mark: palette.warn("◷"), name: cleanLine(id, 60), text })),
    ...nodes.flatMap((node) => noticeRows(node, palette)),
  ];
  const facts = [
    headline(summary, nodes, palette),
    ...(view.plan?.shard ? [`shard ${view.plan.shard.index}/${view.plan.shard.total} only`] : []),
    formatCategoryCounts(categoryOutcomes(view, nodes), palette),
    ...(summary.nodes.skipped === summary.nodes.total ? [] : [formatTestCounts(summary.counts, palette)]),
    ...(summary.nodes.kept === 0 ? [] : [`${summary.nodes.kept} kept from the run before`]),
    formatDuration(summary.durationMs),
  ];
  const limits = summary.limits ? [palette.dim(limitSummary(summary.limits))] : [];
  const details = [
    ...nodeTable(rows, shownRows, palette),
    ...limits,
    ...explanation(summary, [...broken, ...refused.map(({ progress }) => progress)], palette),
  ];
  return [facts.join(" · "), ...details.map((line) => `  ${line}`)];
}

/** What is said of a run whose end was never told: the process was killed, apex has a bug, or whoever watched it has left. */
export function unfinishedTotals(view: RunView, palette: Palette): string[] {
  const names = [...view.running.keys()].map((id) => cleanLine(id, 60));
  const running = names.length > 0 ? ` · was running: ${names.join(", ")}` : "";
  return [`${palette.strong(palette.bad("UNFINISHED"))} · its end was not seen${running}`];
}

function headline({ outcome }: RunSummary, nodes: readonly FinishedNode[], palette: Palette): string {
  if (outcome.status === "passed") return palette.strong(palette.good("passed"));
  const word = outcome.status === "skipped" && !hasRun(nodes) ? "nothing ran" : statusWord(outcome.status);
  return palette.strong(outcomeStyle(outcome, palette)(word.toUpperCase()));
}

/** The run's own reason, where its categories and layers did not say it, and what its exit code means. */
function explanation(
  { outcome, exitCode }: RunSummary,
  broken: readonly { readonly outcome: Outcome }[],
  palette: Palette,
): string[] {
  if (outcome.status === "passed") return [];
  // A run ends like the worst of its categories, and then says nothing new.
  const isSaid = broken.some((one) => one.outcome.status === outcome.status);
  const reason = isSaid ? [] : [outcomeSentence(outcome)];
  const meaning = exitMeaning(exitCode);
  return [...reason, palette.dim(`exit code ${exitCode}${meaning ? `: ${meaning}` : ""}`)];
}

function brokenRow({ id, outcome }: FinishedNode, palette: Palette): NodeTableRow {
  return { mark: outcomeMark(outcome, false, palette), name: cleanLine(id, 60), text: outcomeSentence(outcome) };
}

function refusedRow(layer: RefusedLayer, palette: Palette): NodeTableRow {
  const { outcome } = layer.progress;
  return { mark: outcomeMark(outcome, false, palette), name: layerName(layer), text: outcomeSentence(outcome) };
}

/** Its shards have told what was flaky. */
function isWhole({ planNodes }: RunView, { id }: FinishedNode): boolean {
  return planNodes.get(id)?.parts !== undefined;
}

/** One outcome for each category: that of its shard that fared worst. */
function categoryOutcomes(view: RunView, nodes: readonly FinishedNode[]): Outcome[] {
  const outcomes = new Map<NodeId, Outcome>();
  for (const { id, outcome } of nodes) {
    const category = categoryName(view, id);
    const known = outcomes.get(category);
    if (!known || weight(outcome) > weight(known)) outcomes.set(category, outcome);
  }
  return [...outcomes.values()];
}

function weight({ status }: Outcome): number {
  if (status === "passed") return 1;
  return status === "skipped" ? 0 : 2;
}
