import { stripVTControlCharacters } from "node:util";
import { formatDuration as formatLimit } from "@netra-apex/core";
import type { FinishedNode } from "../node-view.ts";
import type { LayerView, RunView } from "../run-view.ts";
import { categoryName } from "./category.ts";
import { cleanLine } from "./clean-text.ts";
import { countOf, formatTestCounts } from "./counts.ts";
import { displayWidth, pad, widest } from "./display-width.ts";
import { formatDuration } from "./durations.ts";
import { finishedInOrder, hasRun, isRefused } from "./finished-nodes.ts";
import { outcomeMark, outcomeSentence, outcomeStyle, statusWord } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";

/** Nodes that the line names one by one. */
const namedNodes = 8;

/** How a line is drawn, beside its content. */
export interface LineStyle {
  readonly palette: Palette;
  /** Cells of the terminal; a list that does not fit goes to a line of its own. Absent where nobody wraps. */
  readonly columns?: number | undefined;
}

/**
 * The one line of a finished layer, its columns aligned with those of the plan's other layers:
 * `✓ Fast Feedback     2 categories · 43 tests · 1.9s of 2m   (smoke 4 in 0.6s, unit 39 in 1.2s)`
 */
export function layerLine(view: RunView, layer: LayerView, { palette, columns = Infinity }: LineStyle): string {
  if (layer.progress.phase !== "finished") return layerName(layer);
  const { outcome, durationMs, counts } = layer.progress;
  const layers = [...view.layers.values()];
  const mark = outcomeMark(outcome, false, palette);
  const name = pad(layerName(layer), widest(layers.map(layerName)));
  if (isRefused(layer) || (outcome.status === "skipped" && !hasRun(layer.finished))) {
    // What is missing stands below the line.
    const isTold = isRefused(layer) && view.surroundings.missing.has(layer.id);
    return `${mark} ${name}  ${isTold ? `${statusWord(outcome.status)}: did not start` : outcomeSentence(outcome)}`;
  }
  const categories = pad(categoryCount(view, layer), widest(layers.map((other) => categoryCount(view, other))));
  const budget = layer.budgetMs === undefined ? "" : ` of ${formatLimit(layer.budgetMs)}`;
  const facts = [
    ...(outcome.status === "passed" ? [] : [outcomeStyle(outcome, palette)(statusWord(outcome.status))]),
    categories,
    formatTestCounts(counts, palette),
    formatDuration(durationMs) + budget,
  ];
  const line = `${mark} ${name}  ${facts.join(" · ")}`;
  const nodes = nodeList(layer, palette);
  const width = displayWidth(stripVTControlCharacters(`${line}   ${nodes}`));
  return nodes === "" ? line : `${line}${width > columns ? "\n" : ""}   ${nodes}`;
}

/** A layer's name, made safe. */
export function layerName({ name }: LayerView): string {
  return cleanLine(name, 60);
}

function categoryCount(view: RunView, { nodeIds }: LayerView): string {
  return countOf(new Set(nodeIds.map((id) => categoryName(view, id))).size, "category");
}

/** Skipped nodes are left to the line that tells why. */
function nodeList(layer: LayerView, palette: Palette): string {
  const ran = finishedInOrder(layer).filter(({ outcome }) => outcome.status !== "skipped");
  if (ran.length === 0) return "";
  const parts = ran.slice(0, namedNodes).map((node) => nodePart(node, palette));
  if (ran.length > namedNodes) parts.push(`${ran.length - namedNodes} more`);
  return `${palette.dim("(")}${parts.join(palette.dim(", "))}${palette.dim(")")}`;
}

function nodePart({ id, outcome, flaky, counts, durationMs }: FinishedNode, palette: Palette): string {
  const isCalm = outcome.status === "passed" && !flaky;
  const tests = counts.total > 0 ? ` ${counts.total}` : "";
  const text = palette.dim(`${cleanLine(id, 60)}${tests} in ${formatDuration(durationMs)}`);
  return isCalm ? text : `${outcomeMark(outcome, flaky, palette)} ${text}`;
}
