import type { WriteStream } from "node:tty";
import { truncate } from "@netra-apex/progress";

const toPicture = "\u001B[?1049h\u001B[?25l";
const back = "\u001B[?25h\u001B[?1049l";

/**
 * A picture that fills the window and is drawn over itself, line by line, so that nothing flickers and no size leaves anything behind; what
 * was on the terminal before comes back at the end. Ctrl-Z gives the terminal back meanwhile.
 */
export class LivePicture {
  readonly #terminal: WriteStream;
  #text = "";
  #isShown = false;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
    terminal.on("resize", this.#redraw);
    if (process.platform !== "win32") process.on("SIGTSTP", this.#suspend).on("SIGCONT", this.#redraw);
  }

  /** Lines that there is room for. */
  get rows(): number {
    return Math.max(1, this.#terminal.rows || 24);
  }

  /** Cells of a line. */
  get width(): number {
    // A terminal that does not know its size says 0.
    return this.#terminal.columns || 80;
  }

  /** Shows a text, as much of it as there is room for. */
  draw(text: string): void {
    this.#text = text;
    const start = this.#isShown ? "" : toPicture;
    this.#isShown = true;
    const lines = text.split("\n").slice(0, this.rows);
    const drawn = lines.map((line) => `${truncate(line, this.width)}\u001B[K`).join("\r\n");
    this.#terminal.write(`${start}\u001B[H${drawn}\u001B[J`);
  }

  /** Gives the terminal back, as it was. */
  done(): void {
    this.#terminal.off("resize", this.#redraw);
    process.off("SIGTSTP", this.#suspend).off("SIGCONT", this.#redraw);
    this.#hide();
  }

  readonly #redraw = (): void => this.draw(this.#text);

  readonly #suspend = (): void => {
    this.#hide();
    process.kill(process.pid, "SIGSTOP");
  };

  #hide(): void {
    if (this.#isShown) this.#terminal.write(back);
    this.#isShown = false;
  }
}
