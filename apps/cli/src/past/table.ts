/** Rows of cells in columns as wide as their widest cell; the last column runs free. `>` in `align` puts one to the right. */
export function table(rows: readonly (readonly string[])[], align = ""): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          if (align[column] === ">") return cell.padStart(width);
          return column === columns - 1 ? cell : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
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
