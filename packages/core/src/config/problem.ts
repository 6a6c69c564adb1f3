import { ApexError } from "../apex-error.ts";

/** Where in a config file something stands. Lines and columns start at 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole line, for the caret. */
  readonly lineText: string;
  /** Characters to underline, at least 1. */
  readonly length: number;
}

/** Keys and list positions that lead to a value, from the top of the config. */
export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong, or worth a warning, in a config. */
export interface ConfigProblem {
  readonly message: string;
  readonly path: ConfigPath;
  readonly hint?: string;
  /** Absent for what has no text of its own: a computed config, a file that cannot be read. */
  readonly location?: SourceLocation;
  /** The file, where there is one but no line. */
  readonly file?: string;
}

/** The config cannot be used; `problems` lists everything that is wrong with it. */
export class ConfigError extends ApexError {
  readonly code = "APEX_CONFIG_INVALID";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const sorted = problems.toSorted(byPlace);
    super(sorted.map(formatProblem).join("\n\n"));
    this.problems = sorted;
  }
}

/** In reading order; what has no place comes last. */
function byPlace({ location: left }: ConfigProblem, { location: right }: ConfigProblem): number {
  if (!left || !right) return Number(!left) - Number(!right);
  return left.file.localeCompare(right.file) || left.line - right.line || left.column - right.column;
}

/** Formats `file:line:column: message`, the line itself, a caret line and the hint. */
export function formatProblem(problem: ConfigProblem): string {
  const { location } = problem;
  const lines: string[] = [];
  if (location) {
    lines.push(`${location.file}:${location.line}:${location.column}: ${problem.message}`, ...excerpt(location));
  } else {
    const where = [problem.file, formatPath(problem.path)].filter(Boolean).join(": ");
    lines.push(where ? `${where}: ${problem.message}` : problem.message);
  }
  if (problem.hint) lines.push(`  hint: ${problem.hint}`);
  return lines.join("\n");
}

/** Longest part of a source line that is shown; a minified file must not flood the screen. */
const widest = 120;

function excerpt({ line, column, lineText, length }: SourceLocation): string[] {
  const start = Math.max(0, column - 1 - widest / 2);
  const shown = lineText.slice(start, start + widest).replaceAll("\t", " ");
  const gutter = `  ${line} | `;
  const carets = Math.max(1, Math.min(length, shown.length - (column - 1 - start)));
  return [`${gutter}${shown}`, `${" ".repeat(gutter.length + column - 1 - start)}${"^".repeat(carets)}`];
}

function formatPath(path: ConfigPath): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}
