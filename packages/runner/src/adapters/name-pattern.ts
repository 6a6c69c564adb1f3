import type { TestSelector } from "@netra-apex/core";

/** Linux takes no argument longer than 128 KiB; beyond this the selected files are run whole. */
const longestPattern = 100_000;

/**
 * A regular expression that matches exactly the full names of the selected tests.
 * `separator` is what the framework puts between suites and test, as a regular expression.
 * `undefined` when a whole file is among them or there are too many: then no name may be left out.
 */
export function namePattern(selectors: readonly TestSelector[], separator: string): string | undefined {
  if (selectors.some(({ path }) => path.length === 0)) return undefined;
  const names = new Set(selectors.map(({ path }) => path.map((title) => escapePattern(title)).join(separator)));
  const pattern = names.size === 1 ? `^${[...names].join("")}$` : `^(?:${[...names].join("|")})$`;
  return pattern.length > longestPattern ? undefined : pattern;
}

/** The files of the selected tests, each once; `undefined` when one of them may be anywhere. */
export function selectedFiles(selectors: readonly TestSelector[]): string[] | undefined {
  const files = new Set(selectors.map(({ file }) => file));
  return files.has("") ? undefined : [...files];
}

/** A regular expression that matches the text itself. */
export function escapePattern(title: string): string {
  // Control characters, which an argument may not contain or a reporter may not keep, match anything.
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return title.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`).replaceAll(/[\u0000-\u001F]/g, "[^]");
}
