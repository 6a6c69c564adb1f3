import type { AuditEvent } from "./queue-backend.ts";

/** Wakes those who wait for something to change. */
export class ChangeBell {
  readonly #listeners = new Set<() => void>();

  ring(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Returns what ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Where events come from. */
export interface AuditSource {
  readonly read: (afterSeq: number) => Promise<readonly AuditEvent[]>;
  readonly bell: ChangeBell;
  /** How long to wait without the bell, in milliseconds; undefined where it never fails to ring. */
  readonly pollMs: number | undefined;
  readonly isClosed: () => boolean;
}

/** The events after a number, and then what comes, until the signal or until the source is closed. */
export async function* auditStream(source: AuditSource, afterSeq: number, signal: AbortSignal) {
  let seq = afterSeq;
  const hasEnded = (): boolean => signal.aborted || source.isClosed();
  let hasRung = false;
  let wake: (() => void) | undefined;
  const onChange = (): void => {
    hasRung = true;
    wake?.();
  };
  const stopListening = source.bell.listen(onChange);
  signal.addEventListener("abort", onChange);
  try {
    while (!hasEnded()) {
      hasRung = false;
      const events = await source.read(seq);
      for (const event of events) {
        if (hasEnded()) return;
        seq = event.seq;
        yield event;
      }
      if (events.length > 0 || hasEnded() || hasRung) continue;
      await new Promise<void>((resolve) => {
        const timer = source.pollMs === undefined ? undefined : setTimeout(resolve, source.pollMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    stopListening();
    signal.removeEventListener("abort", onChange);
  }
}
