import type { OutputEnv, OutputStream } from "./output-stream.ts";
import { regionAtEnd, regionInOneLine } from "./region-sequences.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

/** Terminals that know it show all that is written in between at once; others ignore it. */
const beginUpdate = "\u001b[?2026h";
const endUpdate = "\u001b[?2026l";

/** From the second cell on: what is cleared from the top-left corner of its window, tmux keeps in its scrollback. */
const eraseFromHere = "\r\u001b[2K\u001b[C\u001b[J\r";

/** Frames after a change of the window that take nothing for granted where a further change is told of late. */
const unsettledFrames = 5;

/** What the region is kept to meanwhile: it fits whatever the window has become. In a smaller window there is none meanwhile. */
const leastColumns = 40;
const leastRows = 12;

/**
 * The region at the end of a terminal that is drawn over and over. Everything above it scrolls by and stays.
 *
 * The cursor rests where the next line that stays will begin, at the start of the region. When the window changes, most terminals wrap
 * their lines anew, some before they tell of it, and how many rows the region takes then cannot be known. The cursor moves with the line it
 * is on, so that the region is what is below it, however it was wrapped.
 */
export class LiveScreen {
  readonly #stream: OutputStream;
  readonly #isToldLate: boolean;
  /** The region is at the end of the window, however little is above it. */
  readonly #hangs: boolean;
  /** Lines that the region shows; none while it is not there. */
  #lines: readonly string[] = [];
  #size = "";
  #unsettled = 0;
  #isCursorHidden = false;

  constructor(stream: OutputStream, env: OutputEnv) {
    this.#stream = stream;
    // Within ssh, only TERM tells of it.
    this.#isToldLate = Boolean(env["TMUX"]) || /^(?:tmux|screen)/.test(env["TERM"] ?? "");
    // Terminals of VTE name no program; one that was started from them does, and has inherited the version.
    this.#hangs = this.#isToldLate || Boolean(env["VTE_VERSION"] && !env["TERM_PROGRAM"]);
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

  /** Whether the window is large enough for a region just now. */
  get hasRoom(): boolean {
    return !this.#isCareful || ((this.#stream.columns || 80) >= leastColumns && (this.#stream.rows || 24) >= leastRows);
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
    this.#unsettled = this.#hangs ? unsettledFrames : 1;
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
    // Drawn over line by line, for an empty region in between would flicker, unless it may not take the rows that will be drawn over.
    const mustErase = above !== undefined || this.#unsettled > 0 || lines.length !== this.#lines.length;
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
    const isFresh = this.#lines.length === 0;
    this.#lines = lines;
    if (lines.length === 0) return "";
    const start = this.#isCursorHidden ? "" : hideCursor;
    this.#isCursorHidden = true;
    return start + (this.#hangs ? regionAtEnd(lines) : regionInOneLine(lines, { isFresh }));
  }

  #erased(): string {
    if (this.#lines.length === 0) return "";
    this.#lines = [];
    return eraseFromHere;
  }
}
