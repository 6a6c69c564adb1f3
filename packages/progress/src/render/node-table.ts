import { pad, widest } from "./display-width.ts";
import type { Palette } from "./palette.ts";

/** A node and one thing to say of it. */
export interface NodeTableRow {
  /** One cell wide, already marked up. */
  readonly mark: string;
  readonly name: string;
  readonly text: string;
}

/** Rows under each other, their texts aligned; the ones beyond `maxRows` are counted in a last line. */
export function nodeTable(rows: readonly NodeTableRow[], maxRows: number, palette: Palette): string[] {
  const shown = rows.slice(0, maxRows);
  const nameWidth = widest(shown.map(({ name }) => name));
  const lines = shown.map(({ mark, name, text }) => `${mark} ${pad(name, nameWidth)}  ${text}`);
  return rows.length > shown.length ? [...lines, palette.dim(`… and ${rows.length - shown.length} more`)] : lines;
}
