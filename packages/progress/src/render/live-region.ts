import type { RunView } from "../run-view.ts";
import { displayWidth, widest } from "./display-width.ts";
import { layerName } from "./layer-line.ts";
import { liveFooter } from "./live-footer.ts";
import { chooseNodes, layerHeader, layerNodes, layerRest, shownRows } from "./live-layer.ts";
import { rowFormatter } from "./live-rows.ts";
import { nameList } from "./name-list.ts";
import type { Palette } from "./palette.ts";
import { fitLine } from "./segments.ts";
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
  /** What runs beside the run, a cleaned line each. */
  readonly background?: readonly string[];
}

const thenLabel = "then ";

/** Columns of the narrowest window that the region is prepared for, unless it is in such a one already: then for half of that. */
const usualNarrowest = 40;

/**
 * What runs right now, as lines that fit the terminal: the services that tests stand on, each running layer with its budget and its
 * nodes, what comes then, what the background does, and the whole run in one line. Empty before the run has begun, and once it is over.
 *
 * A window that gets narrower wraps the lines anew; what then is pushed out of its top stays in the scrollback for good. So the region is
 * no larger than what a window of 40 columns still holds: where it is high its lines are shorter, and it takes half of the window at most.
 */
export function liveRegion(view: RunView, frame: Frame): string[] {
  if (!view.plan || view.summary) return [];
  const lines = regionIn(view, frame);
  const { columns } = frame;
  const room = frame.rows - 1;
  const narrowest = columns > usualNarrowest ? usualNarrowest : Math.ceil(columns / 2);
  if (lines.length * Math.ceil(columns / narrowest) <= room) return lines;
  const height = Math.max(1, Math.min(lines.length, Math.floor(room / 2)));
  const widestLine = narrowest * Math.max(1, Math.floor(room / height));
  return regionIn(view, { ...frame, rows: height + 2, columns: Math.min(columns, widestLine) });
}

function regionIn(view: RunView, frame: Frame): string[] {
  const { columns, rows, palette, background = [] } = frame;
  const layers = [...view.layers.values()];
  const active = layers.filter(({ progress }) => progress.phase === "running").map((layer) => layerNodes(view, layer));
  const services = serviceRows(view, frame, { isRunning: active.length > 0 });
  const next = layers.filter(({ progress }) => progress.phase === "waiting").map(layerName);
  const below = [
    ...(next.length > 0
      ? [
          fitLine(
            [{ text: thenLabel + nameList(next, columns - displayWidth(thenLabel)), style: palette.dim }],
            columns,
          ),
        ]
      : []),
    ...background.map((line) =>
      fitLine([{ text: "background", style: palette.strong }, { text: `  ${line}` }], columns),
    ),
    liveFooter(view, frame),
  ];
  const room = rows - 2 - services.length - below.length - 2 * active.length;
  const shown = chooseNodes(active, room);
  const rowsOf = active.map((nodes) => shownRows(view, nodes, shown, frame));
  const format = rowFormatter(rowsOf.flat(), frame);
  const nameWidth = widest(active.map(({ layer }) => layerName(layer)));
  const lines = active.flatMap((nodes, index) => [
    layerHeader(nodes, nameWidth, frame),
    ...(rowsOf[index] ?? []).map(format),
    ...layerRest(view, nodes, shown, frame),
  ]);
  return [...services, ...lines, ...below].slice(0, Math.max(1, rows - 2));
}
