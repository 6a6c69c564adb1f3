import { parseDuration, SelectionError } from "@netra-apex/core";

/** What the commands about past runs can be asked. */
export interface PastOptions {
  readonly config?: string;
  readonly env?: string;
  readonly category?: string;
  readonly limit?: number;
  /** A duration. */
  readonly since?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly progressMode?: "simple" | "rich" | "json";
  readonly reporter?: readonly string[];
  readonly thread?: string;
  readonly run?: string;
  readonly format?: string;
  readonly output?: string;
  readonly metrics?: boolean;
}

/** How far back to look, in milliseconds; undefined where nothing was said. Throws `SelectionError`. */
export function windowOf({ since }: PastOptions): number | undefined {
  if (since === undefined) return undefined;
  const ms = parseDuration(since);
  if (ms !== undefined) return ms;
  throw new SelectionError(`--since ${JSON.stringify(since)} is no duration`, {
    hint: "write it like 2h, 7d or 1h30m",
  });
}
