import { createReadStream } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** Lines of an output that match what was looked for. */
export interface FoundOutput {
  /** The first of them around what matched, without control sequences. */
  readonly line: string;
  /** How many there are. */
  readonly lines: number;
}

/** A line that is longer is looked at in pieces. */
const longestLine = 256 * 1024;
const shownLength = 160;

/**
 * Looks for lines of a text file that match one of the patterns of a group; one answer for each group. Reads the file once, a
 * piece at a time. Rejects with the signal's reason as soon as it is aborted.
 */
export async function findOutput(
  file: string,
  groups: readonly (readonly RegExp[])[],
  signal?: AbortSignal,
): Promise<(FoundOutput | undefined)[]> {
  const searches = groups.map((patterns) => new LineSearch(patterns));
  const open = searches.filter((search) => search.isNeeded);
  if (open.length > 0) {
    for await (const text of wholeLines(file)) {
      signal?.throwIfAborted();
      const plain = stripVTControlCharacters(text);
      for (const search of open) search.look(plain);
    }
  }
  return searches.map((search) => search.found);
}

class LineSearch {
  readonly #patterns: readonly RegExp[];
  /** The same for many lines at once: most pieces of an output hold nothing of interest, and need not be taken apart. */
  readonly #inPiece: readonly RegExp[];
  found: FoundOutput | undefined;

  constructor(patterns: readonly RegExp[]) {
    this.#patterns = patterns;
    this.#inPiece = patterns.map(({ source, flags }) => new RegExp(source, `${flags}m`));
  }

  get isNeeded(): boolean {
    return this.#patterns.length > 0;
  }

  look(text: string): void {
    if (!this.#inPiece.some((pattern) => pattern.test(text))) return;
    for (const line of text.split("\n")) {
      const match = this.#patterns.map((pattern) => pattern.exec(line)).find((found) => found !== null);
      if (!match) continue;
      this.found = { line: this.found?.line ?? around(line, match.index), lines: (this.found?.lines ?? 0) + 1 };
    }
  }
}

/** As much of a line as can be shown, with what begins at `index` in it. */
function around(line: string, index: number): string {
  const start = Math.max(0, Math.min(index - shownLength / 4, line.length - shownLength));
  return line.slice(start, start + shownLength).trim();
}

/** Pieces of a text file that end where a line ends. */
async function* wholeLines(file: string): AsyncGenerator<string> {
  let held = "";
  for await (const piece of createReadStream(file, "utf8")) {
    held += String(piece);
    const end = held.lastIndexOf("\n") + 1 || (held.length > longestLine ? held.length : 0);
    if (end === 0) continue;
    yield held.slice(0, end);
    held = held.slice(end);
  }
  yield held;
}
