import type { TestStatus } from "@netra-apex/core";

/** One test line: `not ok 3 - adds up # TODO later`. */
export interface TapPoint {
  readonly status: TestStatus;
  readonly name: string;
  /** Why it is skipped or to be done. */
  readonly reason?: string;
  readonly durationMs?: number;
  /** It ends in a brace: its subtests follow. */
  readonly opensBlock: boolean;
}

/** Reads a line without its indentation; `undefined` when it is no test line. */
export function readTapPoint(line: string): TapPoint | undefined {
  const match = /^(not )?ok\b(?:\s+(\d+))?(?:\s+-\s+|\s+-$|\s*)(.*)$/.exec(line);
  if (!match) return undefined;
  const [, not, number, rest = ""] = match;
  const opensBlock = /(?:^|\s)\{\s*$/.test(rest);
  const text = opensBlock ? rest.replace(/\s*\{\s*$/, "") : rest;
  const hash = text.search(/(?:^|[^\\])#\s*(?:skip|todo|time=)/i);
  const name = unescape(hash === -1 ? text : text.slice(0, hash === 0 && text.startsWith("#") ? 0 : hash + 1)).trim();
  const directives = hash === -1 ? "" : text.slice(hash);
  const [, directive, reason] = /#\s*(skip|todo)\S*\s*([^#]*)/i.exec(directives) ?? [];
  const time = /#\s*time=([\d.]+)(ms|s)?/i.exec(directives);
  return {
    status: statusOf(not !== undefined, directive?.toLowerCase()),
    name: name === "" ? `test ${number ?? ""}`.trim() : name,
    opensBlock,
    ...(reason === undefined || /^[\s-]*$/.test(reason) ? {} : { reason: reason.trim() }),
    ...(time ? { durationMs: Number(time[1]) * (time[2] === "s" ? 1_000 : 1) || 0 } : {}),
  };
}

function statusOf(isFailure: boolean, directive: string | undefined): TestStatus {
  if (directive === "todo") return "todo";
  if (directive === "skip") return "skipped";
  return isFailure ? "failed" : "passed";
}

function unescape(text: string): string {
  return text.replaceAll(/\\([#\\])/g, "$1");
}
