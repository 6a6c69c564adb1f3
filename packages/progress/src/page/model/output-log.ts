import { type AnsiStyle, plainStyle, styleAfter } from "./ansi-spans.ts";

/** One line of a program's output as it came, and how it is coloured at its beginning. */
export interface OutputLine {
  /** Counts from 1 and never changes, whatever is dropped before it. */
  readonly number: number;
  readonly text: string;
  readonly startStyle: AnsiStyle;
}

/** Lines that are kept of a node's output. */
export const keptOutputLines = 5_000;

/** Characters of a line that are kept. */
const keptLineChars = 2_000;

/** The end of what a node's processes wrote, in lines; in bounded memory however much that is. */
export class OutputLog {
  readonly #lines: OutputLine[] = [];
  #droppedLines = 0;
  #open = "";
  #style: AnsiStyle = plainStyle;
  #chars = 0;

  /** The last lines, an unfinished one among them. */
  get lines(): readonly OutputLine[] {
    return this.#open === "" ? this.#lines : [...this.#lines, this.#line(this.#open)];
  }

  /** Lines at the beginning that are not kept any more. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Characters that are kept. */
  get chars(): number {
    return this.#chars;
  }

  append(text: string): void {
    const parts = (this.#open + text).split("\n");
    this.#open = (parts.pop() ?? "").slice(-keptLineChars);
    for (const part of parts) this.#push(part);
    // Dropped in bulk: to shift an array by one for every line is slow.
    const surplus = this.#lines.length - keptOutputLines;
    if (surplus > keptOutputLines / 10) this.#drop(surplus);
  }

  /** Forgets all lines, whose memory is needed elsewhere. */
  clear(): void {
    this.#drop(this.#lines.length);
  }

  #push(text: string): void {
    const line = this.#line(overwritten(text).slice(0, keptLineChars));
    this.#lines.push(line);
    this.#chars += line.text.length;
    this.#style = styleAfter(text, this.#style);
  }

  #line(text: string): OutputLine {
    return { number: this.#droppedLines + this.#lines.length + 1, text, startStyle: this.#style };
  }

  #drop(count: number): void {
    for (const { text } of this.#lines.splice(0, count)) this.#chars -= text.length;
    this.#droppedLines += count;
  }
}

/** What a carriage return had overwritten is gone, as on a terminal. */
function overwritten(line: string): string {
  const shown = line.replace(/\r+$/, "");
  return shown.slice(shown.lastIndexOf("\r") + 1);
}
