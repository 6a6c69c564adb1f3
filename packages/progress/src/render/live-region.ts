import { formatDuration as formatLimit, type NodeId } from "@netra-apex/core";
import type { LayerView, RunView } from "../run-view.ts";
import { budgetBar } from "./budget-bar.ts";
import { cleanLine } from "./clean-text.ts";
import { pad, widest } from "./display-width.ts";
import { formatElapsed } from "./durations.ts";
import { finishedInOrder } from "./finished-nodes.ts";
import { layerName } from "./layer-line.ts";
import { finishedRow, type LiveRow, runningRow } from "./live-rows.ts";
import type { Palette } from "./palette.ts";
import { fitLine, type Segment, segmentsWidth } from "./segments.ts";
import { serviceRows } from "./service-rows.ts";

/** What a frame depends on beside the run. */
export interface Frame {
  /** On the time scale of the events. */
  readonly nowMs: number;
  /** Counts up with each tick; turns the spinners. */
  readonly tick: number;
  readonly columns: number;
  readonly rows: number;
  readonly palette: Palette;
}

/** Fewer cells are not worth a remark. */
const shortestRemark = 12;

/** The indentation, the mark and a space. */
const markWidth = 4;

/** Columns start this wide, so that a tenth test or second moves nothing. */
const timeWidth = 5;
const testsWidth = 10;

/**
 * What runs right now, as lines that fit the terminal: the services that tests stand on, each running layer with its budget, its
 * nodes, and what waits. Empty when nothing runs and nothing is waited for.
 */
export function liveRegion(view: RunView, frame: Frame): string[] {
  const layers = [...view.layers.values()];
  const active = layers.filter(({ progress }) => progress.phase === "running");
  const services = view.summary ? [] : serviceRows(view, frame, { isRunning: active.length > 0 });
  if (active.length + services.length === 0) return [];
  const rowsOf = new Map(active.map((layer) => [layer, layerRows(view, layer, frame)]));
  const room = frame.rows - 3 - 2 * active.length - services.length;
  const shown = dropUntilFits([...rowsOf.values()].flat(), room);
  const format = rowFormatter([...shown], frame);
  const nameWidth = widest(active.map(layerName));
  const lines = active.flatMap((layer) => {
    const rows = rowsOf.get(layer) ?? [];
    const visible = rows.filter((row) => shown.has(row));
    const hidden = rows.length - visible.length;
    const waits = waitingNodes(view, layer);
    return [
      headerLine(layer, nameWidth, frame),
      ...visible.map(format),
      ...listLine("  ", [...(hidden > 0 ? [`${hidden} more not shown`] : []), ...listOf("waits", waits)], frame),
    ];
  });
  const next = layers.filter(({ progress }) => progress.phase === "waiting").map(layerName);
  return [...services, ...lines, ...listLine("", listOf("then", next), frame)].slice(0, Math.max(1, frame.rows - 1));
}

function layerRows(view: RunView, layer: LayerView, { nowMs, tick, palette }: Frame): LiveRow[] {
  const finished = new Map(finishedInOrder(layer).map((node) => [node.id, node]));
  return layer.nodeIds.flatMap((id) => {
    const running = view.running.get(id);
    if (running) return [runningRow(running, nowMs, tick, palette)];
    const node = finished.get(id);
    return node && node.outcome.status !== "skipped" ? [finishedRow(node, palette)] : [];
  });
}

/** The rows to show: those that passed go first when there is no room for all, then the last ones. */
function dropUntilFits(rows: readonly LiveRow[], room: number): Set<LiveRow> {
  const shown = new Set(rows);
  const droppable = [
    ...rows.filter((row) => row.isDispensable),
    ...rows.filter((row) => !row.isDispensable).toReversed(),
  ];
  for (const row of droppable) {
    if (shown.size <= Math.max(1, room)) break;
    shown.delete(row);
  }
  return shown;
}

function headerLine(layer: LayerView, nameWidth: number, { nowMs, columns, palette }: Frame): string {
  if (layer.progress.phase !== "running") return "";
  const elapsedMs = nowMs - layer.progress.startedAtMs;
  const name: Segment = { text: pad(layerName(layer), nameWidth), style: palette.strong };
  if (layer.budgetMs === undefined) return fitLine([name, { text: `  ${formatElapsed(elapsedMs)}` }], columns);
  const time: Segment = { text: `${formatElapsed(elapsedMs)} of ${formatLimit(layer.budgetMs)}` };
  const bar = budgetBar(elapsedMs, layer.budgetMs, palette);
  const full = [name, { text: "  " }, ...bar, { text: " " }, time];
  const hasRoom = segmentsWidth(full) <= columns;
  return fitLine(hasRoom ? full : [name, { text: "  " }, time], columns);
}

/** A function that draws rows with the columns of all `rows` aligned; the remark takes what is left of the line. */
function rowFormatter(rows: readonly LiveRow[], { columns, palette }: Frame): (row: LiveRow) => string {
  const name = widest(rows.map((row) => row.name));
  const time = Math.max(timeWidth, widest(rows.map((row) => row.time)));
  const tests = Math.max(testsWidth, ...rows.map((row) => segmentsWidth(row.tests)));
  const remarkAt = name + 2 + time + 2 + tests + 2;
  const room = columns - markWidth - remarkAt;
  return (row) => {
    const segments: Segment[] = [
      { text: pad(row.name, name) },
      { text: `  ${row.time.padStart(time)}`, style: palette.dim },
    ];
    if (row.tests.length > 0) segments.push({ text: "  " }, ...row.tests);
    if (row.remark !== "" && room >= shortestRemark) {
      const gap = remarkAt - segmentsWidth(segments);
      segments.push({ text: " ".repeat(gap) + row.remark, style: palette.dim });
    }
    return `  ${row.mark} ${fitLine(segments, columns - markWidth)}`;
  };
}

function waitingNodes(view: RunView, layer: LayerView): string[] {
  const finished = new Set(layer.finished.map(({ id }) => id));
  const isWaiting = (id: NodeId): boolean =>
    !view.running.has(id) && !finished.has(id) && view.planNodes.get(id)?.skip === undefined;
  return layer.nodeIds.filter(isWaiting).map((id) => cleanLine(id, 40));
}

function listOf(label: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`${label} ${names.join(", ")}`] : [];
}

function listLine(indent: string, parts: readonly string[], { columns, palette }: Frame): string[] {
  return parts.length > 0 ? [fitLine([{ text: indent + parts.join(" · "), style: palette.dim }], columns)] : [];
}
