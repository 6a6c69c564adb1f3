import { stripVTControlCharacters } from "node:util";
import type { createLogUpdate } from "log-update";
import type { OutputEnv, OutputStream } from "./output-stream.ts";
import { displayWidth } from "./render/display-width.ts";

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

/** The region at the bottom of a terminal that is drawn over and over. Everything above it scrolls by and stays. */
export class LiveScreen {
  readonly #stream: OutputStream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #reflows: boolean;
  /** What the next write sends. */
  #out = "";
  /** Cells of each line that the region shows. */
  #widths: readonly number[] = [];
  #drawnColumns = 0;
  #isCursorHidden = false;

  constructor(stream: OutputStream, env: OutputEnv, create: typeof createLogUpdate) {
    this.#stream = stream;
    this.#reflows = reflowsLines(env);
    // A frame is collected first and sent in one piece. The cursor is ours to hide: log-update would hide that of the process's own
    // stderr.
    const collector = {
      write: (text: string): boolean => {
        this.#out += text;
        return true;
      },
      get columns(): number {
        return stream.columns || 80;
      },
      get rows(): number {
        return stream.rows || 24;
      },
    };
    this.#update = create(collector as unknown as NodeJS.WriteStream, { showCursor: true });
  }

  /** Cells of a line that may be filled: one less than there are, for some terminals wrap on the last one. */
  get columns(): number {
    return Math.max(1, (this.#stream.columns || 80) - 1);
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Asks for the window's size now: the signal that it has changed may still be under way. */
  measure(): void {
    // Node has no other way to ask; without it, the signal tells a moment later.
    const { _refreshSize: refreshSize } = this.#stream as { _refreshSize?: () => void };
    refreshSize?.call(this.#stream);
  }

  /**
   * Replaces what the region shows. The lines must fit into {@link columns}; without any, the region is gone. `above` writes lines that
   * stay above it, wherever they go; `note` is sent along.
   */
  draw(
    lines: readonly string[],
    { above, note = "" }: { readonly above?: () => void; readonly note?: string } = {},
  ): void {
    if (this.#drawnColumns !== this.columns) this.#eraseAsItIsNow();
    if (above) {
      this.#erase();
      // Nothing of it is shown before the frame is whole.
      this.#stream.write(beginUpdate + this.#taken());
      try {
        above();
      } catch (thrown) {
        this.#stream.write(endUpdate);
        throw thrown;
      }
    }
    if (lines.length === 0) this.#erase();
    else this.#redraw(lines);
    const drawn = this.#taken();
    const out = (drawn === "" ? "" : withoutWrapping + drawn + withWrapping) + note;
    if (above || out !== "") this.#stream.write(`${above ? "" : beginUpdate}${out}${endUpdate}`);
  }

  /** Leaves the terminal as it was found, but for lines above the region; `note` is sent along. */
  leave(note = ""): void {
    try {
      if (this.#drawnColumns !== this.columns) this.#eraseAsItIsNow();
      this.#erase();
    } finally {
      const out = this.#taken() + note + (this.#isCursorHidden ? showCursor : "");
      this.#isCursorHidden = false;
      if (out !== "") this.#stream.write(out);
    }
  }

  #redraw(lines: readonly string[]): void {
    if (!this.#isCursorHidden) this.#out += hideCursor;
    this.#isCursorHidden = true;
    this.#update(lines.join("\n"));
    this.#widths = lines.map((line) => displayWidth(stripVTControlCharacters(line)));
    this.#drawnColumns = this.columns;
  }

  #erase(): void {
    if (this.#widths.length > 0) this.#update.clear();
    this.#widths = [];
  }

  /** Takes the region off a window of another width, in which its lines may take more rows than they did. */
  #eraseAsItIsNow(): void {
    const columns = this.columns + 1;
    const rowsOf = (width: number): number => (this.#reflows ? Math.max(1, Math.ceil(width / columns)) : 1);
    const rows = this.#widths.reduce((sum, width) => sum + rowsOf(width), 0);
    // Line by line: tmux keeps what `\u001b[J` clears in its scrollback where the region begins at the top.
    this.#out += `\r${"\u001b[2K\u001b[1A".repeat(rows)}\u001b[2K`;
    this.#update.done();
    this.#widths = [];
  }

  #taken(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }
}

/** Whether a terminal wraps lines anew when its window gets narrower. These are known not to: xterm, GNU screen, the Linux console. */
function reflowsLines(env: OutputEnv): boolean {
  if (env["TMUX"]) return true;
  return !env["XTERM_VERSION"] && !env["STY"] && env["TERM"] !== "linux";
}
