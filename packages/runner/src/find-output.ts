import { createReadStream } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { outputPattern } from "@netra-apex/core";

/** Lines of an output that match what was looked for. */
export interface FoundOutput {
  /** The first of them, without control sequences, cut where it gets too long. */
  readonly line: string;
  /** How many there are. */
  readonly lines: number;
}

/** A line that is longer is looked at in pieces. */
const longestLine = 256 * 1024;
const shownLength = 160;

/**
 * Looks for lines of a text file that match one of the patterns (see `outputPattern`) of a group; one answer for each group.
 * Reads the file once, a piece at a time.
 */
export async function findOutput(
  file: string,
  groups: readonly (readonly string[])[],
): Promise<(FoundOutput | undefined)[]> {
  const searches = groups.map((patterns) => new LineSearch(patterns));
  const open = searches.filter((search) => search.isNeeded);
  if (open.length > 0) {
    for await (const text of wholeLines(file)) {
      const plain = stripVTControlCharacters(text).split("\n");
      for (const search of open) search.look(plain);
    }
  }
  return searches.map((search) => search.found);
}

class LineSearch {
  readonly #expressions: readonly RegExp[];
  found: FoundOutput | undefined;

  constructor(patterns: readonly string[]) {
    this.#expressions = patterns.map((pattern) => outputPattern(pattern));
  }

  get isNeeded(): boolean {
    return this.#expressions.length > 0;
  }

  look(lines: readonly string[]): void {
    for (const line of lines) {
      if (!this.#expressions.some((expression) => expression.test(line))) continue;
      const first = this.found?.line ?? line.trim().slice(0, shownLength);
      this.found = { line: first, lines: (this.found?.lines ?? 0) + 1 };
    }
  }
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
