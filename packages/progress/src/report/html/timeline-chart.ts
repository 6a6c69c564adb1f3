import { formatDuration as formatLimit } from "@netra-apex/core";
import { formatDuration } from "../../render/durations.ts";
import { statusWord } from "../../render/outcome-text.ts";
import { nodeKey } from "../failure-groups.ts";
import type { RefNames } from "../report-texts.ts";
import type { RunReport, TimelineSpan } from "../run-report.ts";
import { html, type Html } from "./html-text.ts";
import { markOf, toneOf } from "./outcome-badge.ts";

const ticks = 4;

/** Rows beyond which a chart shows nothing any more. */
const mostRows = 300;

/** The layers and nodes of a run over time, with the budgets of layers as lines. */
export function timelineChart(report: RunReport, refs: RefNames): Html {
  const { timeline } = report;
  const rows = timeline.filter(({ kind }) => kind !== "attempt");
  if (rows.length === 0) return html``;
  const layers = rows.filter(({ kind }) => kind === "layer");
  const ends = [...rows.map(({ endMs }) => endMs), ...layers.map((layer) => budgetEnd(layer, rows))];
  const wholeMs = Math.max(1, ...ends);
  const attempts = new Map<string, TimelineSpan[]>();
  for (const span of timeline.filter(({ kind }) => kind === "attempt")) {
    const key = nodeKey(span.runId, span.nodeId ?? "");
    attempts.set(key, [...(attempts.get(key) ?? []), span]);
  }
  const ordered = layers.flatMap((layer) => [
    layer,
    ...rows.filter(({ kind, layerId, runId }) => kind === "node" && layerId === layer.layerId && runId === layer.runId),
  ]);
  const shown = ordered.slice(0, mostRows);
  const scale = { wholeMs, rows };
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Timeline</h2>
    <div class="card">
      <div class="chart">
        <div class="gantt">
          <div class="axis" aria-hidden="true">
            ${Array.from({ length: ticks + 1 }, (_, tick) => html`<span>${formatDuration((wholeMs / ticks) * tick)}</span>`)}
          </div>
          ${shown.map((span) => row(span, attempts.get(nodeKey(span.runId, span.nodeId ?? "")) ?? [], scale, refs))}
        </div>
      </div>
      <p class="legend">
        Dashed line: the layer's budget. Striped: failed, errored or timed out. A gap in a bar: a new
        attempt.${
          ordered.length > shown.length && ` ${ordered.length - shown.length} more nodes are in the table below.`
        }
      </p>
    </div>
  </section> `;
}

/** A budget that is far from used would squeeze everything else. */
function budgetEnd(layer: TimelineSpan, rows: readonly TimelineSpan[]): number {
  const last = Math.max(...rows.map(({ endMs }) => endMs));
  const end = layer.startMs + (layer.budgetMs ?? 0);
  return end <= last * 1.25 ? end : 0;
}

function row(
  span: TimelineSpan,
  attempts: readonly TimelineSpan[],
  { wholeMs, rows }: { readonly wholeMs: number; readonly rows: readonly TimelineSpan[] },
  refs: RefNames,
): Html {
  const { kind, name, startMs, endMs, outcome, budgetMs } = span;
  const tone = toneOf(outcome?.status);
  const durationMs = endMs - startMs;
  const word = outcome ? statusWord(outcome.status) : "no end";
  const budget = kind === "layer" && budgetMs !== undefined ? ` of ${formatLimit(budgetMs)}` : "";
  const text = `${word}, ${formatDuration(durationMs)}${budget}`;
  const cuts = attempts.slice(1).map((attempt) => attempt.startMs);
  const line = kind === "layer" && budgetMs !== undefined && budgetEnd(span, rows) > 0 ? startMs + budgetMs : undefined;
  const isLate = line !== undefined && endMs >= line;
  // The label goes where there is room for it: behind the bar, before it, or, on a bar that is as long as the chart, nowhere.
  const behindMs = Math.max(endMs, line ?? 0);
  const label =
    behindMs / wholeMs <= 0.72
      ? html`<span class="label" style="left:${percent(behindMs, wholeMs)}">${text}</span>`
      : startMs / wholeMs >= 0.22
        ? html`<span class="label before" style="right:${percent(wholeMs - startMs, wholeMs)}">${text}</span>`
        : html`<span class="visually-hidden">${text}</span>`;
  const budgetLine =
    line !== undefined &&
    html`<div class="budget${isLate && " late"}" style="left:${percent(Math.min(line, wholeMs), wholeMs)}"></div>`;
  return html`<div class="row ${kind}" title="${name}: ${text} [${refs.of(span)}]">
    <span class="name"><span class="mark ${tone}" aria-hidden="true">${markOf(tone)}</span> ${name}</span>
    <div class="track">
      <div class="bar ${tone}" style="left:${percent(startMs, wholeMs)};width:${percent(durationMs, wholeMs)}"></div>
      ${cuts.map((cutMs) => html`<div class="cut" style="left:${percent(cutMs, wholeMs)}"></div>`)}${budgetLine}${label}
    </div>
  </div> `;
}

function percent(ms: number, wholeMs: number): string {
  return `${((ms / wholeMs) * 100).toFixed(2)}%`;
}
