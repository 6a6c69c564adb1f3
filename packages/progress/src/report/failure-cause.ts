import { stripVTControlCharacters } from "node:util";

/** Characters of a message that its cause is read from. */
const readChars = 2_000;

/** Longest cause, in characters. */
const longestCause = 300;

/**
 * What differs between failures of one cause, in the order in which it is taken out. No expression can look at the same
 * character more than a bounded number of times: messages come from anywhere.
 */
const variations: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<uuid>"],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?\b/g, "<time>"],
  [/(?<![\w/])(?:\/private)?\/(?:tmp|var\/tmp|var\/folders|dev\/shm)\/[^\s'"`)\]},;]{1,500}/g, "<path>"],
  [/[A-Z]:\\[^\s'"`]{0,200}\\Temp\\[^\s'"`]{1,300}/gi, "<path>"],
  [/"(?:[^"\\\n]|\\.){0,500}"/g, "<value>"],
  [/`[^`\n]{0,500}`/g, "<value>"],
  // An apostrophe inside a word is none that quotes.
  [/(?<!\w)'(?:[^'\\\n]|\\.|'(?=\w)){0,500}'(?!\w)/g, "<value>"],
  [/\b0x[0-9a-f]+\b/gi, "<hex>"],
  [/\b(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{7,64}\b/gi, "<hex>"],
  [/(?<![A-Za-z_\d])[+-]?\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?/g, "<n>"],
];

/** The first line of a message that says something, without colours. */
export function firstLine(message: string): string {
  const lines = stripVTControlCharacters(message.slice(0, readChars)).split(/\r\n|[\n\r\u2028\u2029]/);
  return lines.find((line) => line.trim() !== "")?.trim() ?? "";
}

/** A message without what differs from one failure to the next: numbers, ids, times, temporary paths, quoted values. */
export function causeOf(message: string): string {
  let cause = firstLine(message);
  for (const [pattern, name] of variations) cause = cause.replace(pattern, name);
  return cause.replace(/\s+/g, " ").slice(0, longestCause);
}
