import { CollectedStream } from "./collected-stream.ts";

const sequence = /.\[(\??)(\d*)([A-Za-z])|\p{Cc}/suy;
const control = /\p{Cc}/uy;

/** A terminal that obeys the few sequences a live region needs, and refuses every other one. */
export class TerminalScreen {
  readonly columns: number;
  isCursorVisible = true;
  /** Times that the terminal was written to. */
  writeCount = 0;
  readonly #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** A stream that writes to this screen; stdout and stderr are two of them. */
  stream(): CollectedStream {
    const onWrite = (text: string): void => {
      this.writeCount += 1;
      this.#write(text);
    };
    return new CollectedStream({ columns: this.columns, onWrite });
  }

  /** What a person sees, without the blank end. */
  get text(): string {
    return this.#rows
      .map((row) =>
        Array.from(row, (cell) => cell ?? " ")
          .join("")
          .trimEnd(),
      )
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
    if (this.#column >= this.columns) this.#lineFeed();
    const row = (this.#rows[this.#row] ??= []);
    row[this.#column] = character;
    this.#column += 1;
  }

  #lineFeed(): void {
    this.#column = 0;
    this.#row += 1;
    this.#rows[this.#row] ??= [];
  }

  #obey([whole, isPrivate, digits, command]: RegExpExecArray): void {
    const count = digits ? Number(digits) : 1;
    const row = this.#rows[this.#row] ?? [];
    if (whole === "\n") this.#lineFeed();
    else if (isPrivate && digits === "25") this.isCursorVisible = command === "h";
    else if (isPrivate && digits === "2026") return;
    else if (command === "A") this.#row = Math.max(0, this.#row - count);
    else if (command === "B") this.#row += count;
    else if (command === "G") this.#column = 0;
    else if (command === "K" && digits === "2") row.length = 0;
    else if (command === "K") row.length = Math.min(row.length, this.#column);
    else throw new Error(`the screen was sent ${JSON.stringify(whole)}`);
  }
}
