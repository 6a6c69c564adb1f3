import { CollectedStream } from "./collected-stream.ts";

const sequence = /.[78]|.\[(\??)([\d;]*)([A-Za-z])|.\]\P{Cc}*(?:\p{Cc}\\?)|\p{Cc}/suy;
const control = /\p{Cc}/uy;

/** What each SGR code that the reporters use is called, and which part of the style it sets; those without a name take it back. */
const styles: Readonly<Record<string, readonly [part: "colour" | "weight", name: string]>> = {
  1: ["weight", "bold"],
  2: ["weight", "dim"],
  22: ["weight", ""],
  31: ["colour", "red"],
  32: ["colour", "green"],
  33: ["colour", "yellow"],
  39: ["colour", ""],
};

interface Cell {
  readonly character: string;
  /** As in `bold red`; empty for plain text. */
  readonly style: string;
}

/** A terminal that obeys the few sequences a live region needs, and refuses every other one. Its window is as high as it gets. */
export class TerminalScreen {
  readonly columns: number;
  isCursorVisible = true;
  /** What does not fit into a line goes on in the next one. */
  wraps = true;
  /** Times that the terminal was written to. */
  writeCount = 0;
  /** Updates that were begun and have not ended. */
  openUpdates = 0;
  /** What was said by OSC 9;4, in its order. */
  readonly progress: string[] = [];
  readonly #rows: Cell[][] = [[]];
  readonly #style = { weight: "", colour: "" };
  #row = 0;
  #column = 0;
  #saved: readonly [row: number, column: number] = [0, 0];

  constructor(columns: number) {
    this.columns = columns;
  }

  /** A stream that writes to this screen; stdout and stderr are two of them. */
  stream(rows?: number): CollectedStream {
    const onWrite = (text: string): void => {
      this.writeCount += 1;
      this.#write(text);
    };
    return new CollectedStream({ columns: this.columns, onWrite, ...(rows !== undefined && { rows }) });
  }

  /** What a person sees, without the blank end. */
  get text(): string {
    return this.#lines((row) => Array.from(row, (cell) => cell?.character ?? " ").join(""));
  }

  /** The same with its styles: `<green>✓</> smoke`. */
  get styledText(): string {
    return this.#lines((row) => {
      let line = "";
      let open = "";
      for (const { character, style } of Array.from(row, (cell) => cell ?? { character: " ", style: "" })) {
        if (style !== open) line += `${open === "" ? "" : "</>"}${style === "" ? "" : `<${style}>`}`;
        open = style;
        line += character;
      }
      return open === "" ? line : `${line}</>`;
    });
  }

  #lines(lineOf: (row: readonly Cell[]) => string): string {
    return this.#rows
      .map((row) => lineOf(row).trimEnd())
      .join("\n")
      .trimEnd();
  }

  #write(text: string): void {
    let index = 0;
    while (index < text.length) {
      const pattern = text[index] === "\u001b" ? sequence : control;
      pattern.lastIndex = index;
      const match = pattern.exec(text);
      if (match) this.#obey(match);
      else this.#put(String.fromCodePoint(text.codePointAt(index) ?? 0));
      index += match ? match[0].length : (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
    }
  }

  #put(character: string): void {
    if (this.#column >= this.columns && !this.wraps) this.#column = this.columns - 1;
    if (this.#column >= this.columns) this.#lineFeed();
    const row = (this.#rows[this.#row] ??= []);
    row[this.#column] = { character, style: `${this.#style.weight} ${this.#style.colour}`.trim() };
    this.#column += 1;
  }

  #lineFeed(): void {
    this.#column = 0;
    this.#row += 1;
    this.#rows[this.#row] ??= [];
  }

  #obey([whole, isPrivate, digits = "", command]: RegExpExecArray): void {
    const count = digits ? Number(digits) : 1;
    const row = this.#rows[this.#row] ?? [];
    const style = styles[digits];
    if (whole === "\n") this.#lineFeed();
    else if (whole === "\r") this.#column = 0;
    else if (whole.startsWith("\u001b]9;4;")) this.progress.push(whole.slice(6, -2));
    else if (isPrivate && digits === "25") this.isCursorVisible = command === "h";
    else if (isPrivate && digits === "7") this.wraps = command === "h";
    else if (isPrivate && digits === "2026") this.openUpdates += command === "h" ? 1 : -1;
    else if (command === "A") this.#row = Math.max(0, this.#row - count);
    else if (command === "B") this.#row = Math.min(this.#rows.length - 1, this.#row + count);
    else if (command === "C") this.#column += count;
    else if (command === "G") this.#column = Math.min(count, this.columns) - 1;
    else if (whole === "\u001b7") this.#saved = [this.#row, this.#column];
    else if (whole === "\u001b8") [this.#row, this.#column] = this.#saved;
    else if (command === "J" && digits === "") this.#rows.splice(this.#row + 1);
    else if (command === "K" && digits === "2") row.length = 0;
    else if (command === "K") row.length = Math.min(row.length, this.#column);
    else if (command === "m" && style) this.#style[style[0]] = style[1];
    else throw new Error(`the screen was sent ${JSON.stringify(whole)}`);
  }
}
