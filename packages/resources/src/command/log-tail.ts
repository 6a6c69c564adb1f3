import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

const usualBytes = 64 * 1024;

/** The end of a file; nothing of one that cannot be read. */
export function logTail(file: string, mostBytes = usualBytes): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    const read = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, read);
  } catch {
    return "";
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The last lines of an output that say something, fit for one line of a message. */
export function lastLines(output: string, most = 3): string {
  const lines = stripVTControlCharacters(output)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const text = lines.slice(-most).join(" / ");
  return text.length > 400 ? `…${text.slice(-400)}` : text;
}

const blames = /(?:^|[\s[])(?:[A-Z]\w*(?:Error|Exception)|error|fatal|panic)(?:\s*\[\w+\])?\s*[:\]]/i;

/** The line of an output's end that says best why it ended: one that blames something, else the last one. */
export function tellingLine(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-40);
  const line = lines.findLast((candidate) => blames.test(candidate)) ?? lines.at(-1) ?? "";
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
