import { stripVTControlCharacters } from "node:util";

/** Control characters other than tab and line feed, and the marks that reorder the text around them. */
const unsafe = /(?![\t\n])\p{Cc}|\p{Bidi_Control}/gu;

const lineEnd = /\r\n|[\n\u0085\u2028\u2029]/;

/** Longest line that is shown; the log has the whole one. */
const longestLineChars = 500;

/** Text of unknown origin as one line that cannot move the cursor, change colours or break the layout. */
export function cleanLine(text: string, maxChars: number = longestLineChars): string {
  return cut(stripUnsafe(text.replace(/\s+/g, " ")).trim(), maxChars);
}

/**
 * Text of unknown origin as safe lines with their indentation, without blank lines at either end; lines beyond
 * `maxLines` are replaced by one that counts them.
 */
export function cleanBlock(text: string, maxLines: number): string[] {
  const lines = cleanLines(text);
  if (lines.length <= maxLines) return lines;
  const hidden = lines.length - maxLines + 1;
  return [...lines.slice(0, maxLines - 1), `… and ${hidden} more lines`];
}

/** Like {@link cleanBlock}, but keeps the last lines, as is right for the end of an output. */
export function cleanTail(text: string, maxLines: number): string[] {
  return cleanLines(text).slice(-maxLines);
}

/** One line of a program's output: what a carriage return had overwritten is gone, as on a terminal. */
export function cleanOutputLine(line: string): string {
  const shown = line.replace(/\r+$/, "");
  const text = stripUnsafe(shown.slice(shown.lastIndexOf("\r") + 1).replaceAll("\t", "  "));
  return cut(text.trimEnd(), longestLineChars);
}

function cleanLines(text: string): string[] {
  const lines = text.split(lineEnd).map(cleanOutputLine);
  const isText = (line: string): boolean => line.trim() !== "";
  return lines.slice(lines.findIndex(isText), lines.findLastIndex(isText) + 1);
}

function stripUnsafe(text: string): string {
  return stripVTControlCharacters(text).replace(unsafe, "");
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const kept = text.slice(0, maxChars - 1);
  const isHalfCharacter = /[\ud800-\udbff]$/.test(kept);
  return `${isHalfCharacter ? kept.slice(0, -1) : kept}…`;
}
