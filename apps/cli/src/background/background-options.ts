import { parseDuration, SelectionError } from "@netra-apex/core";

/** What the commands about the background queue can be asked. */
export interface BackgroundOptions {
  readonly config?: string;
  readonly env?: string;
  readonly json?: boolean;
  readonly category?: string;
  /** A duration. */
  readonly since?: string;
  readonly watch?: boolean;
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly all?: boolean;
  readonly foreground?: boolean;
  readonly finish?: boolean;
  readonly reason?: string;
  readonly wait?: boolean;
  /** A duration. */
  readonly timeout?: string;
  readonly retries?: number;
  readonly priority?: string;
  readonly cpu?: number;
  /** A size. */
  readonly memory?: string;
  readonly service?: readonly string[];
  readonly set?: readonly string[];
  readonly snapshot?: boolean;
  readonly supersede?: boolean;
  readonly separate?: boolean;
  readonly key?: string;
  readonly profile?: string;
  readonly realServices?: boolean;
  readonly realLlm?: boolean;
}

/** A duration that was written on the command line, in milliseconds. Throws `SelectionError` that names the flag. */
export function durationOf(flag: string, written: string): number {
  const ms = parseDuration(written);
  if (ms !== undefined && ms > 0) return ms;
  throw new SelectionError(`${flag} ${JSON.stringify(written)} is no duration`, {
    hint: "write it like 90s, 45m or 1h30m",
  });
}
