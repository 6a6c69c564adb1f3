import type { OutputEnv, OutputStream } from "./output-stream.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

/** Terminals that know it show all that is written in between at once; others ignore it. */
const beginUpdate = "\u001b[?2026h";
const endUpdate = "\u001b[?2026l";

/**
 * Lines that are too long for the window are cut at its edge while this holds: some terminals (tmux by up to 250 ms) tell of a narrower
 * window only after it is one, and a line that wrapped meanwhile would shift the region.
 */
const withoutWrapping = "\u001b[?7l";
const withWrapping = "\u001b[?7h";

const saveCursor = "\u001b7";
const restoreCursor = "\u001b8";

/** Stops at the last line of the window, wherever that is. */
const toLastLine = "\u001b[999B";
const eraseLineEnd = "\u001b[K";

/** From the second cell on: what is cleared from the top-left corner of its window, tmux keeps in its scrollback. */
const eraseFromHere = "\r\u001b[2K\u001b[C\u001b[J\r";

/** Frames after a change of the window that take nothing for granted: a further change may be there that is not yet told of. */
const unsettledFrames = 5;

/** What the region is kept to meanwhile where a further change is told of late: it fits whatever the window has become. */
const leastColumns = 40;
const leastRows = 12;

/**
 * The region on the last lines of a terminal that is drawn over and over. Everything above it scrolls by and stays.
 *
 * The cursor rests where the next line that stays will begin, above the region. When the window changes, most terminals wrap their lines
 * anew, some before they tell of it, and how many rows the region takes then cannot be known. The cursor moves with the line it is on, so
 * that the region is what is below it, however it was wrapped. The region hangs on the last line, for tmux keeps empty rows below it and
 * would push the region into its scrollback for them.
 */
export class LiveScreen {
  readonly #stream: OutputStream;
  readonly #isToldLate: boolean;
  /** Lines that the region shows; none while it is not there. */
  #lines: readonly string[] = [];
  #size = "";
  #unsettled = 0;
  #isCursorHidden = false;

  constructor(stream: OutputStream, env: OutputEnv) {
    this.#stream = stream;
    // Within ssh, only TERM tells of it.
    this.#isToldLate = Boolean(env["TMUX"]) || /^(?:tmux|screen)/.test(env["TERM"] ?? "");
  }

  /** Cells of a line that may be filled: one less than there are, for some terminals wrap on the last one. */
  get columns(): number {
    const columns = (this.#stream.columns || 80) - 1;
    return Math.max(1, this.#isCareful ? Math.min(columns, leastColumns - 1) : columns);
  }

  get rows(): number {
    const rows = this.#stream.rows || 24;
    return this.#isCareful ? Math.min(rows, leastRows) : rows;
  }

  get #isCareful(): boolean {
    return this.#isToldLate && this.#unsettled > 0;
  }

  /** Asks for the window's size now: the signal that it has changed may still be under way. Done before each frame. */
  measure(): void {
    // Node has no other way to ask; without it, the signal tells a moment later.
    const { _refreshSize: refreshSize } = this.#stream as { _refreshSize?: () => void };
    refreshSize?.call(this.#stream);
    const size = `${this.#stream.columns} ${this.#stream.rows}`;
    if (this.#size !== "" && size !== this.#size) this.unsettle();
    this.#size = size;
  }

  /** Says that the window has changed, be it back to the size that it had. */
  unsettle(): void {
    this.#unsettled = unsettledFrames;
  }

  /**
   * Replaces what the region shows. The lines must fit into {@link columns} and {@link rows}; without any, the region is gone. `above`
   * writes lines that stay above it, wherever they go; `note` is sent along.
   */
  draw(
    lines: readonly string[],
    { above, note = "" }: { readonly above?: () => void; readonly note?: string } = {},
  ): void {
    const isAsItWas = lines.length === this.#lines.length && lines.every((line, index) => line === this.#lines[index]);
    if (!above && isAsItWas && this.#unsettled === 0) {
      if (note !== "") this.#stream.write(note);
      return;
    }
    // Drawn over line by line, for an empty region in between would flicker, unless there may be more rows of it than will be drawn over.
    const mustErase = above !== undefined || this.#unsettled > 0 || lines.length < this.#lines.length;
    let out = beginUpdate + (mustErase ? this.#erased() : "");
    this.#unsettled = Math.max(0, this.#unsettled - 1);
    if (above) {
      this.#stream.write(out);
      out = "";
      try {
        above();
      } catch (thrown) {
        this.#stream.write(endUpdate);
        throw thrown;
      }
    }
    this.#stream.write(out + this.#drawn(lines) + note + endUpdate);
  }

  /** Leaves the terminal as it was found, but for lines above the region; `note` is sent along. */
  leave(note = ""): void {
    const out = this.#erased() + note + (this.#isCursorHidden ? showCursor : "");
    this.#isCursorHidden = false;
    if (out !== "") this.#stream.write(out);
  }

  #drawn(lines: readonly string[]): string {
    this.#lines = lines;
    if (lines.length === 0) return "";
    const start = this.#isCursorHidden ? "" : hideCursor;
    this.#isCursorHidden = true;
    const further = lines.length - 1;
    const up = further > 0 ? `\u001b[${further}A` : "";
    // Where the lines below the cursor are too few, the terminal scrolls; down to the last line it never does, nor between the lines.
    const room = `\r${"\n".repeat(further)}${up}`;
    const rows = lines.map((line) => `\r${line}${eraseLineEnd}`).join("\u001b[B");
    return `${start}${withoutWrapping}${room}${saveCursor}${toLastLine}${up}${rows}${restoreCursor}${withWrapping}`;
  }

  #erased(): string {
    if (this.#lines.length === 0) return "";
    this.#lines = [];
    return eraseFromHere;
  }
}
