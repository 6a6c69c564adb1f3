/** A part of a page that can be cut between its rows: lines before, rows of one or more lines, lines after. */
export interface Block {
  /** What the rows are, for the note on those that are cut: `slowest tests`. */
  readonly what: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly tail: readonly string[];
}

/** Kept free for the note on what is cut. */
const noteBytes = 1_000;

/**
 * The blocks as one text of at most `maxBytes` in UTF-8, an empty line between them. What is too much is left out in whole
 * rows, the last blocks first, and the text ends with what that was. Empty where there is hardly any room.
 */
export function fitBlocks(blocks: readonly Block[], maxBytes: number): string {
  if (maxBytes <= noteBytes) return "";
  const lines: string[] = [];
  const cuts: string[] = [];
  let left = maxBytes - noteBytes;
  for (const { what, head, rows, tail } of blocks) {
    const frame = bytesOf(head) + bytesOf(tail) + 1;
    const kept = rowsWithin(rows, left - frame);
    const isShown = frame <= left && (kept.length > 0 || rows.length === 0);
    if (isShown) lines.push(...head, ...kept.flat(), ...tail, "");
    const isWhole = isShown && kept.length === rows.length;
    if (!isWhole) cuts.push(rows.length === 0 ? what : `${rows.length - kept.length} of ${rows.length} ${what}`);
    // What comes later is worth less: it must not fill the room that was too small for this.
    left = isWhole ? left - frame - bytesOf(kept.flat()) : 0;
  }
  if (cuts.length > 0) lines.push(`_Cut at GitHub's limit for summaries; left out: ${cuts.join(", ")}._`, "");
  return lines.join("\n");
}

function rowsWithin(rows: Block["rows"], maxBytes: number): Block["rows"] {
  let size = 0;
  const end = rows.findIndex((row) => (size += bytesOf(row)) > maxBytes);
  return end === -1 ? rows : rows.slice(0, end);
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}
