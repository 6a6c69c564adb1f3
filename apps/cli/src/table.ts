import { cleanLine, displayWidth, truncate } from "@netra-apex/progress";

/** Longest text of a cell: titles can be as long as somebody likes. */
const longestCell = 160;

/**
 * Rows of cells in columns as wide as their widest cell; the last column runs free. `>` in `align` puts one to the right. Cells
 * may hold any text: what would move the cursor is taken out.
 */
export function table(rows: readonly (readonly string[])[], align = ""): string {
  const cells = rows.map((row) => row.map((cell) => cleanLine(cell, longestCell)));
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((row) => displayWidth(row[column] ?? ""))),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const space = " ".repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)));
          if (align[column] === ">") return space + cell;
          return column === columns - 1 ? cell : cell + space;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** How a table is fitted into a terminal. */
export interface FittingOptions {
  readonly align?: string;
  /** Cells of a line. */
  readonly width: number;
  /** Columns that can be done without, the most dispensable first. */
  readonly leastFirst: readonly number[];
}

/** A table that leaves out columns until it fits, and cuts off what is too wide even so. */
export function fittingTable(
  rows: readonly (readonly string[])[],
  { align = "", width, leastFirst }: FittingOptions,
): string {
  for (let without = 0; ; without += 1) {
    const left = new Set(leastFirst.slice(0, without));
    const has = (_: unknown, column: number): boolean => !left.has(column);
    const kept = rows.map((row) => row.filter(has));
    const lines = table(kept, align.split("").filter(has).join("")).split("\n");
    if (without < leastFirst.length && lines.some((line) => displayWidth(line) > width)) continue;
    return lines.map((line) => truncate(line, width)).join("\n");
  }
}

/** Text of unknown origin on one line of ours. */
export function plain(text: string): string {
  return cleanLine(text, 500);
}

/** A time as people read it, in the local time zone: `2026-01-31 14:25`. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A part of a whole, 0 to 1, in percent. */
export function percentText(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** A number with its noun. */
export function countText(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}

/** Writes what a command has to say for machines or for people. */
export function say(json: boolean | undefined, value: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text()}\n`);
}
