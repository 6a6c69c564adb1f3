import type { createLogUpdate } from "log-update";
import type { OutputStream } from "./output-stream.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

/** The region at the bottom of a terminal that is drawn over and over. Everything above it scrolls by and stays. */
export class LiveScreen {
  readonly #stream: OutputStream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  #isCursorHidden = false;

  constructor(stream: OutputStream, create: typeof createLogUpdate) {
    this.#stream = stream;
    // The cursor is ours to hide: log-update would hide that of the process's own stderr.
    this.#update = create(stream, { showCursor: true });
  }

  /** Cells of a line that may be filled: one less than there are, for some terminals wrap on the last one. */
  get columns(): number {
    return Math.max(1, (this.#stream.columns || 80) - 1);
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Replaces what the region shows. The lines must fit into {@link columns}; without any, the region is gone. */
  draw(lines: readonly string[]): void {
    if (lines.length === 0) {
      this.erase();
      return;
    }
    if (!this.#isCursorHidden) this.#stream.write(hideCursor);
    this.#isCursorHidden = true;
    this.#update(lines.join("\n"));
  }

  /** Takes the region off the screen, so that lines can be written where it began. */
  erase(): void {
    this.#update.clear();
  }

  /** Leaves the terminal as it was found. */
  close(): void {
    try {
      this.erase();
    } finally {
      if (this.#isCursorHidden) this.#stream.write(showCursor);
      this.#isCursorHidden = false;
    }
  }
}
