import { stripVTControlCharacters } from "node:util";

/** The eight colours of terminals; the bright ones are shown the same. */
const colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** How a piece of output is to look, as far as the page follows terminals in it. */
export interface AnsiStyle {
  readonly colour?: (typeof colours)[number];
  readonly isBold?: boolean;
  readonly isDim?: boolean;
  readonly isUnderlined?: boolean;
  readonly isItalic?: boolean;
}

/** Text of one look, without anything that is not to be seen. */
export interface AnsiSpan {
  readonly text: string;
  readonly style: AnsiStyle;
}

/** How text looks where nothing is said. */
export const plainStyle: AnsiStyle = {};

// oxlint-disable-next-line no-control-regex
const colourSequence = /\u001B\[([\d;:]*)m/g;

/** Control characters, and the marks that reorder the text around them. */
const unsafe = /(?!\t)\p{Cc}|\p{Bidi_Control}|\p{Surrogate}/gu;

/** A line of output in pieces of one look each. Sequences that do not colour are left out, as are all control characters. */
export function ansiSpans(line: string, startStyle: AnsiStyle = plainStyle): AnsiSpan[] {
  const spans: AnsiSpan[] = [];
  let style = startStyle;
  let from = 0;
  const add = (text: string): void => {
    const shown = stripVTControlCharacters(text).replace(unsafe, "");
    if (shown !== "") spans.push({ text: shown, style });
  };
  for (const match of line.matchAll(colourSequence)) {
    add(line.slice(from, match.index));
    style = restyle(style, match[1] ?? "");
    from = match.index + match[0].length;
  }
  add(line.slice(from));
  return spans;
}

/** The look with which the line after this one begins. */
export function styleAfter(line: string, startStyle: AnsiStyle): AnsiStyle {
  if (!line.includes("\u001B")) return startStyle;
  let style = startStyle;
  for (const match of line.matchAll(colourSequence)) style = restyle(style, match[1] ?? "");
  return style;
}

function restyle(before: AnsiStyle, parameters: string): AnsiStyle {
  const codes = parameters.split(/[;:]/).map(Number);
  let style = before;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    // A colour of the larger palettes: which one it is does not matter here, only that its numbers are no codes.
    if (code === 38 || code === 48) at += codes[at + 1] === 5 ? 2 : 4;
    else style = withCode(style, code);
  }
  return style;
}

function withCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return plainStyle;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 3) return { ...style, isItalic: true };
  if (code === 4) return { ...style, isUnderlined: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 23) return { ...style, isItalic: false };
  if (code === 24) return { ...style, isUnderlined: false };
  const colour = colours[code >= 90 ? code - 90 : code - 30];
  if (colour !== undefined && ((code >= 30 && code < 38) || code >= 90)) return { ...style, colour };
  if (code !== 39) return style;
  const { colour: _none, ...rest } = style;
  return rest;
}
