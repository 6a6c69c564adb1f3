import { displayWidth, truncate } from "./display-width.ts";
import { plain, type Style } from "./palette.ts";

/** A piece of a line: cleaned text and how it is marked up. */
export interface Segment {
  readonly text: string;
  readonly style?: Style;
}

/** Cells that the pieces take together. */
export function segmentsWidth(segments: readonly Segment[]): number {
  return segments.reduce((width, { text }) => width + displayWidth(text), 0);
}

/** Joins the pieces into a line of at most `width` cells; what does not fit is cut, and nothing after it is shown. */
export function fitLine(segments: readonly Segment[], width: number): string {
  let line = "";
  let room = width;
  for (const { text, style = plain } of segments) {
    const shown = truncate(text, room);
    line += style(shown);
    if (shown !== text) break;
    room -= displayWidth(text);
  }
  return line;
}
