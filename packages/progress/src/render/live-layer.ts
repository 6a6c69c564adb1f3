import { formatDuration as formatLimit, type NodeId } from "@netra-apex/core";
import type { FinishedNode, RunningNode } from "../node-view.ts";
import type { LayerView, RunView } from "../run-view.ts";
import { budgetBar } from "./budget-bar.ts";
import { cleanLine } from "./clean-text.ts";
import { displayWidth, truncate } from "./display-width.ts";
import { formatElapsed } from "./durations.ts";
import { layerName } from "./layer-line.ts";
import { finishedRow, type LiveRow, type RowFrame, runningRow } from "./live-rows.ts";
import { nameList } from "./name-list.ts";
import type { Style } from "./palette.ts";
import { fitLine, type Segment, segmentsWidth } from "./segments.ts";

/** Nodes that passed and are shown by name, the latest: more would push what matters off the screen. */
const shownPasses = 4;

/** The nodes of a running layer, by how much they are worth a row. */
export interface LayerNodes {
  readonly layer: LayerView;
  /** In the plan's order. */
  readonly running: readonly RunningNode[];
  /** Neither passed nor skipped, and those that were flaky, in the order in which they ended. */
  readonly amiss: readonly FinishedNode[];
  /** The latest last. */
  readonly passed: readonly FinishedNode[];
  /** How many nodes there are to run, those whose parts are nodes of their own left out. */
  readonly total: number;
}

/** Sorts the nodes of a layer. */
export function layerNodes(view: RunView, layer: LayerView): LayerNodes {
  const isCalm = ({ outcome, flaky }: FinishedNode): boolean => outcome.status === "passed" && !flaky;
  const isDone = ({ outcome }: FinishedNode): boolean => outcome.status !== "skipped";
  const running = [...view.running.values()].filter(({ layerId }) => layerId === layer.id);
  const position = new Map(layer.nodeIds.map((id, index) => [id, index]));
  return {
    layer,
    running: running.toSorted((left, right) => (position.get(left.id) ?? 0) - (position.get(right.id) ?? 0)),
    amiss: layer.finished.filter((node) => isDone(node) && !isCalm(node)),
    passed: layer.finished.filter(isCalm),
    total: layer.nodeIds.filter((id) => isToRun(view, id)).length,
  };
}

function isToRun({ planNodes }: RunView, id: NodeId): boolean {
  const node = planNodes.get(id);
  return node?.skip === undefined && node?.parts === undefined;
}

/** Which nodes of several layers get a row; what is left out is counted below them. */
export type ShownNodes = ReadonlySet<RunningNode | FinishedNode>;

/** Chooses rows for `room` lines: what runs first, then what is amiss, then what has passed, the latest of each. At least one. */
export function chooseNodes(layers: readonly LayerNodes[], room: number): ShownNodes {
  const wanted = [
    ...layers.flatMap(({ running }) => running),
    ...layers.flatMap(({ amiss }) => amiss).toReversed(),
    ...layers.flatMap(({ passed }) => passed.slice(-shownPasses)).toReversed(),
  ];
  return new Set(wanted.slice(0, Math.max(1, room)));
}

/** The rows of a layer's shown nodes in the plan's order. */
export function shownRows(view: RunView, nodes: LayerNodes, shown: ShownNodes, frame: RowFrame): LiveRow[] {
  const { layer, running, amiss, passed } = nodes;
  const position = new Map(layer.nodeIds.map((id, index) => [id, index]));
  return [...passed, ...amiss, ...running]
    .filter((node) => shown.has(node))
    .toSorted((left, right) => (position.get(left.id) ?? 0) - (position.get(right.id) ?? 0))
    .map((node) =>
      "startedAtMs" in node ? runningRow(node, view.expectedMs.get(node.id), frame) : finishedRow(node, frame.palette),
    );
}

/** What a line of a layer depends on beside the run. */
export interface LayerFrame extends RowFrame {
  readonly columns: number;
}

/** A layer's name, its budget as far as it is spent, and how much of it is done. */
export function layerHeader(
  { layer, running, amiss, passed, total }: LayerNodes,
  nameWidth: number,
  { nowMs, columns, palette }: LayerFrame,
): string {
  if (layer.progress.phase !== "running") return "";
  const elapsedMs = nowMs - layer.progress.startedAtMs;
  const time: Segment[] = [{ text: formatElapsed(elapsedMs) }];
  const bar: Segment[] = [];
  if (layer.budgetMs !== undefined) {
    time[0] = { text: `${formatElapsed(elapsedMs)} of ${formatLimit(layer.budgetMs)}` };
    const overMs = elapsedMs - layer.budgetMs;
    if (overMs >= 1000) time.push({ text: `, ${formatElapsed(overMs)} over`, style: palette.bad });
    bar.push(...budgetBar(elapsedMs, layer.budgetMs, { cells: barCells(columns), palette }), { text: " " });
  }
  const done = amiss.length + passed.length;
  const share: Segment = { text: `  ${done} of ${Math.max(total, done + running.length)} done`, style: palette.dim };
  const nameRoom = Math.max(1, columns - 2 - segmentsWidth(time));
  const name: Segment = { text: truncate(layerName(layer), nameRoom), style: palette.strong };
  const gap: Segment = { text: " ".repeat(2 + Math.max(0, Math.min(nameWidth, nameRoom) - displayWidth(name.text))) };
  const withBar = [name, gap, ...bar, ...time];
  const line = segmentsWidth(withBar) <= columns ? withBar : [name, gap, ...time];
  return fitLine(segmentsWidth(line) + segmentsWidth([share]) <= columns ? [...line, share] : line, columns);
}

/** What a layer has that has no row: passed, running and failed nodes by number, and those that wait by name. */
export function layerRest(
  view: RunView,
  { layer, running, amiss, passed }: LayerNodes,
  shown: ShownNodes,
  { columns, palette }: LayerFrame,
): string[] {
  const hidden = (nodes: readonly (RunningNode | FinishedNode)[]): number =>
    nodes.reduce((count, node) => count + (shown.has(node) ? 0 : 1), 0);
  const parts: Segment[] = [
    counted(hidden(passed), "more passed", palette.dim),
    counted(hidden(amiss), "more did not pass", palette.bad),
    counted(hidden(running), "more running", palette.dim),
  ].filter(({ text }) => text !== "");
  const rest = parts.flatMap((part, index) => (index > 0 ? [{ text: " · ", style: palette.dim }, part] : [part]));
  const waiting = waitingNodes(view, layer);
  if (waiting.length > 0) {
    const label = `${rest.length > 0 ? " · " : ""}waits `;
    const room = columns - 2 - segmentsWidth(rest) - displayWidth(label);
    rest.push({ text: label + nameList(waiting, room), style: palette.dim });
  }
  return rest.length > 0 ? [fitLine([{ text: "  " }, ...rest], columns)] : [];
}

function counted(count: number, what: string, style: Style): Segment {
  return { text: count > 0 ? `${count} ${what}` : "", style };
}

function barCells(columns: number): number {
  if (columns < 80) return 8;
  return columns < 140 ? 16 : 24;
}

/** No more names than any line holds are cleaned. */
const mostNames = 100;

function waitingNodes(view: RunView, { nodeIds, finishedIds }: LayerView): string[] {
  const waiting = nodeIds.filter((id) => !view.running.has(id) && !finishedIds.has(id) && isToRun(view, id));
  return waiting.map((id, index) => (index < mostNames ? cleanLine(id, 40) : id));
}
