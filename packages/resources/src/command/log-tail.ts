import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

const longestBytes = 64 * 1024;

/** The end of a file, at most 64 KiB; nothing of one that cannot be read. */
export function logTail(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, longestBytes));
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
  const longest = 200 * most;
  return text.length > longest ? `…${text.slice(-longest)}` : text;
}
