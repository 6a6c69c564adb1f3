import type { LayerView } from "../run-view.ts";
import { cleanLine } from "./clean-text.ts";
import { hasRun, skippedByReason } from "./finished-nodes.ts";
import { nodeTable } from "./node-table.ts";
import type { Palette } from "./palette.ts";

const shownReasons = 20;

/**
 * What a layer left out: one line for each reason, with all categories that share it. None for a layer that was left out
 * as a whole for one reason, which its own line tells.
 */
export function skippedLines(layer: LayerView, palette: Palette): string[] {
  const byReason = skippedByReason(layer);
  if (byReason.size < 2 && !hasRun(layer.finished)) return [];
  const rows = [...byReason].map(([text, nodes]) => ({
    mark: palette.warn("○"),
    name: nodes.map(({ id }) => cleanLine(id, 60)).join(", "),
    text,
  }));
  return nodeTable(rows, shownReasons, palette);
}
