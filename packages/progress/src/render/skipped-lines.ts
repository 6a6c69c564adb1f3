import type { LayerView } from "../run-view.ts";
import { cleanLine } from "./clean-text.ts";
import { hasRun, skippedByReason } from "./finished-nodes.ts";
import { nodeTable } from "./node-table.ts";
import type { Palette } from "./palette.ts";

const shownReasons = 20;

/**
 * What a layer left out: one line for each reason, with all categories that share it. None for a layer that was left out
 * as a whole: its own line tells why.
 */
export function skippedLines(layer: LayerView, palette: Palette): string[] {
  if (!hasRun(layer.finished)) return [];
  const rows = [...skippedByReason(layer)].map(([text, nodes]) => ({
    mark: palette.warn("○"),
    name: nodes.map(({ id }) => cleanLine(id, 60)).join(", "),
    text,
  }));
  return nodeTable(rows, shownReasons, palette);
}
