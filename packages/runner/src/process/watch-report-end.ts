import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Clock } from "@netra-apex/core";

const lookMs = 250;
const lastLine = '{"type":"end"}';

/** What to do when a framework has said that it is through and its process stays. */
export interface DrainOptions {
  readonly clock: Clock;
  /** How long the process may stay after its report's last line, in milliseconds. */
  readonly drainMs: number;
  readonly onOverdue: () => void;
}

/**
 * Watches a streamed report for its last line; once the report has rested on it for `drainMs`, `onOverdue` is called, once.
 * The returned function ends the watch.
 */
export function watchReportEnd(reportFile: string, { clock, drainMs, onOverdue }: DrainOptions): () => void {
  let restingSinceMs: number | undefined;
  let lastSize = -1;
  const look = (): void => {
    const { size, isAtEnd } = endOf(reportFile);
    if (size !== lastSize) restingSinceMs = isAtEnd ? clock.monotonicMs() : undefined;
    lastSize = size;
    if (restingSinceMs !== undefined && clock.monotonicMs() - restingSinceMs >= drainMs) onOverdue();
    else cancel = clock.schedule(lookMs, look);
  };
  let cancel = clock.schedule(lookMs, look);
  return () => cancel();
}

function endOf(file: string): { size: number; isAtEnd: boolean } {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return { size: -1, isAtEnd: false };
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(lastLine.length + 2);
    const read = readSync(descriptor, bytes, 0, bytes.length, Math.max(size - bytes.length, 0));
    return { size, isAtEnd: bytes.toString("latin1", 0, read).trimEnd().endsWith(lastLine) };
  } finally {
    closeSync(descriptor);
  }
}
