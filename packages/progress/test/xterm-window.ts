import { Terminal } from "@xterm/headless";
import { CollectedStream } from "./collected-stream.ts";

/**
 * A window of xterm.js, the terminal of VS Code and of many web pages, and the line to the program in it: what is written is under way until
 * it is delivered, and of a new size the program hears later, as with a pseudo-terminal.
 */
export class XtermWindow {
  readonly stream: CollectedStream;
  readonly #terminal: Terminal;
  #underWay: string[] = [];
  #isCursorVisible = true;
  #isAlternate = false;

  constructor(columns: number, rows: number) {
    this.#terminal = new Terminal({
      cols: columns,
      rows,
      scrollback: 10_000,
      convertEol: true,
      allowProposedApi: true,
    });
    this.stream = new CollectedStream({ columns, rows, onWrite: (text) => this.#underWay.push(text) });
    const watch = (final: "h" | "l"): void => {
      this.#terminal.parser.registerCsiHandler({ prefix: "?", final }, (parameters) => {
        if (parameters.includes(25)) this.#isCursorVisible = final === "h";
        return false;
      });
    };
    watch("h");
    watch("l");
    this.#terminal.buffer.onBufferChange(({ type }) => (this.#isAlternate ||= type === "alternate"));
  }

  /** Writes that have not reached the window. */
  get underWay(): number {
    return this.#underWay.length;
  }

  /** Shows the next writes, all of them by default. */
  async deliver(count = this.#underWay.length): Promise<void> {
    const text = this.#underWay.splice(0, count).join("");
    if (text !== "") await new Promise<void>((resolve) => this.#terminal.write(text, resolve));
  }

  /** Changes the window; the program still takes it for what it was. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** The program, when it asks, finds the size that the window has. */
  passSizeOn(): void {
    this.stream.columns = this.#terminal.cols;
    this.stream.rows = this.#terminal.rows;
  }

  /** All lines that the window and its scrollback have, without the blank end; what wrapped is one line. */
  get lines(): readonly string[] {
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let row = 0; row < buffer.length; row += 1) {
      const line = buffer.getLine(row);
      const text = line?.translateToString(buffer.getLine(row + 1)?.isWrapped !== true) ?? "";
      lines.push(line?.isWrapped === true ? `${lines.pop() ?? ""}${text}` : text);
    }
    return lines
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd()
      .split("\n");
  }

  /** What a program may have to give back: the cursor with its place, and the modes. */
  get state() {
    const { cursorX, cursorY, baseY, length } = this.#terminal.buffer.active;
    const buffer = this.#terminal.buffer.active;
    let last = length - 1;
    while (last >= 0 && buffer.getLine(last)?.translateToString(true) === "") last -= 1;
    return {
      isCursorVisible: this.#isCursorVisible,
      /** The rows from the last one with text to the cursor. */
      cursorRowsBelowText: baseY + cursorY - last,
      cursorColumn: cursorX,
      wraps: this.#terminal.modes.wraparoundMode,
      isUpdating: this.#terminal.modes.synchronizedOutputMode,
      wasAlternate: this.#isAlternate,
    };
  }

  close(): void {
    this.#terminal.dispose();
  }
}
