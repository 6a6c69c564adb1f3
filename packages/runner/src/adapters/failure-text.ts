import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { TestResult } from "@netra-apex/core";

/** Texts of failures go through the events and stay in memory; the log file has the whole. */
const longestMessage = 2_000;
const longestDetails = 16_000;

/** The texts of a failing test, without colours and of bounded length. `message` is the first lines, `details` everything. */
export function failureText(message: string, details = message): Pick<TestResult, "message" | "details"> {
  const plainMessage = plain(message, longestMessage);
  const plainDetails = plain(details, longestDetails);
  return {
    ...(plainMessage === "" ? {} : { message: plainMessage }),
    ...(plainDetails === "" || plainDetails === plainMessage ? {} : { details: plainDetails }),
  };
}

/** The message of an error's stack: what comes before its first frame. */
export function messageOfStack(stack: string): string {
  const frames = stack.search(/\n\s+at /);
  return frames === -1 ? stack : stack.slice(0, frames);
}

/** The line of `file` in which a failure's stack first names it; `undefined` when it does not. */
export function failureLine(stack: string, file: string | undefined): number | undefined {
  if (file === undefined) return undefined;
  for (let at = stack.indexOf(file); at !== -1; at = stack.indexOf(file, at + 1)) {
    const line = /^:(\d+)/.exec(stack.slice(at + file.length, at + file.length + 12))?.[1];
    if (line !== undefined) return Number(line);
  }
  return undefined;
}

/**
 * The project's file that a failure's stack names last: helpers stand above the test that called them, and below it are only
 * the runner's own frames. `undefined` when none does.
 */
export function failureFile(stack: string, cwd: string): string | undefined {
  const places = [...stack.matchAll(/\bat .*?(?:file:\/\/(\/[^\s:)]+)|[ (](\/[^\s:)]+)):\d+:\d+\)?$/gm)];
  const files = places.map(([, encoded, plainPath]) => plainPath ?? decodeURIComponent(encoded ?? ""));
  const inside = cwd.endsWith(path.sep) ? cwd : cwd + path.sep;
  return files.findLast((file) => file.startsWith(inside) && !file.includes(`${path.sep}node_modules${path.sep}`));
}

/** A readable text without control sequences, cut where it gets too long. */
function plain(text: string, longest: number): string {
  const stripped = stripVTControlCharacters(text.slice(0, longest * 4)).trim();
  return stripped.length <= longest ? stripped : `${stripped.slice(0, longest)} …`;
}
