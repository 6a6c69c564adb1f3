import { cleanLine } from "../../render/clean-text.ts";

/** Text of unknown origin as it is, in a paragraph, a list or a cell of a table: no mark, link or mention comes of it. */
export function plainText(text: string, maxChars?: number): string {
  return cleanLine(text, maxChars)
    .replace(/[\\`*_[\]<>#|~$]/g, (mark) => `\\${mark}`)
    .replaceAll("&", "&amp;")
    .replace(/\b(https?:|www\.)/gi, (scheme) => `${scheme.slice(0, -1)}<!-- -->${scheme.slice(-1)}`)
    .replace(/@(?=\w)/g, "@<!-- -->");
}

/** Text of unknown origin within HTML that Markdown leaves as it is, such as a `<summary>`. */
export function htmlText(text: string, maxChars?: number): string {
  return cleanLine(text, maxChars)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/@(?=\w)/g, "@<!-- -->");
}

/** Text as code within a cell of a table, where a bar would end the cell. */
export function codeCell(text: string): string {
  // A backslash before an escaped bar would be what is escaped, and nothing escapes a backslash within code.
  if (text.includes("\\|")) return `<code>${plainText(text, 2_000).replaceAll("\\|", "&#124;")}</code>`;
  return codeSpan(text).replaceAll("|", "\\|");
}

/** Text as code within a line. */
export function codeSpan(text: string): string {
  const line = cleanLine(text, 2_000);
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const space = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}

/** Lines that are shown when a reader asks for them; `summary` is plain text. */
export function folded(summary: string, lines: readonly string[]): string[] {
  return [`<details><summary>${htmlText(summary)}</summary>`, "", ...lines, "", "</details>"];
}

/** Lines as a block of code. */
export function codeBlock(lines: readonly string[]): string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const fence = "`".repeat(longest + 1);
  return [fence, ...lines, fence];
}

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const align = head.map((title) => (title.startsWith(">") ? "--:" : "---"));
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head.map((title) => title.replace(/^>/, ""))), row(align), ...rows.map(row)];
}
