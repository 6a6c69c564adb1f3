import { stripVTControlCharacters } from "node:util";

/** Removes terminal control sequences from text that arrives in pieces. */
export interface AnsiStripper {
  /** The plain text of the piece; a sequence that is still incomplete is held back for the next one. */
  push(text: string): string;
  /** What was held back and turned out to be no sequence. */
  end(): string;
}

/** The start of a sequence at the very end of a text: CSI (`ESC [ …`), OSC (`ESC ] …`) or a lone ESC. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const incompleteSequence = /\u001B(?:\[[\d;:?]*|\][^\u0007\u001B]*\u001B?)?$/;

/** Longer than any real sequence; what goes on for longer is text after a stray escape character. */
const longestSequence = 4_096;

export function createAnsiStripper(): AnsiStripper {
  let held = "";
  return {
    push(text) {
      const whole = held + text;
      held = "";
      if (!whole.includes("\u001B")) return whole;
      const cut = whole.search(incompleteSequence);
      if (cut !== -1 && whole.length - cut <= longestSequence) held = whole.slice(cut);
      return stripVTControlCharacters(held === "" ? whole : whole.slice(0, cut));
    },
    end() {
      const rest = stripVTControlCharacters(held);
      held = "";
      return rest;
    },
  };
}
