import type { MissingView } from "../service-view.ts";
import { cleanLine } from "./clean-text.ts";
import { nodeTable } from "./node-table.ts";
import type { Palette } from "./palette.ts";
import { missingName } from "./service-text.ts";

const shownRows = 30;

/**
 * What a layer needs and does not have, a line each with what to do about it, below a line that names the layer:
 * `✗ service postgresql  refuses connections · fix: apex services up postgresql`.
 */
export function missingLines(layer: string, { missing, policy }: MissingView, palette: Palette): string[] {
  const mark = policy === "fail" ? palette.bad("✗") : palette.warn("○");
  const rows = missing.map(({ reason, fix, ...what }) => ({
    mark,
    name: missingName(what),
    text: `${cleanLine(reason)}${fix === undefined ? "" : `${palette.dim(" · fix:")} ${cleanLine(fix)}`}`,
  }));
  return [
    `resources not available for layer ${layer}:`,
    ...nodeTable(rows, shownRows, palette).map((line) => `  ${line}`),
  ];
}
