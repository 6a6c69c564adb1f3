/** An event of the Chrome trace event format. Times are microseconds. */
export interface TraceEvent {
  /** `X` a span, `M` metadata, `C` counters, `i` an instant, `b` and `e` the ends of an asynchronous span. */
  readonly ph: "X" | "M" | "C" | "i" | "b" | "e";
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: string;
  /** Of an instant: the process. */
  readonly s?: "p";
  readonly args: Readonly<Record<string, string | number | boolean>>;
}

/** Milliseconds as the format has them. */
export function micros(ms: number): number {
  return Math.round(ms * 1_000);
}

/** Metadata first, then in the order of time; of what begins together, the longer is around the shorter. */
export function inOrder(events: readonly TraceEvent[]): TraceEvent[] {
  const isMeta = ({ ph }: TraceEvent): number => (ph === "M" ? 0 : 1);
  return events.toSorted(
    (left, right) => isMeta(left) - isMeta(right) || left.ts - right.ts || (right.dur ?? 0) - (left.dur ?? 0),
  );
}
