import type { RunEvent } from "@netra-apex/core";
import { RunDigest } from "./run-digest.ts";
import type { Snapshot } from "./protocol.ts";

/** Some of a log's lines. */
export interface LogPart {
  readonly lines: readonly string[];
  readonly throughSeq: number;
}

/** One run's events as they were written, the latest of them, and what all of them amount to. */
export class RunLog {
  #lines: string[] = [];
  #sizes: number[] = [];
  /** Of the line that is the first to be kept; those before it wait to be cut off all at once. */
  #head = 0;
  #bytes = 0;
  #lastSeq: number;
  #digest = new RunDigest();
  #isFinished = false;

  /** `lastSeq`: of the event before the first that is taken. */
  constructor(lastSeq = 0) {
    this.#lastSeq = lastSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Of all lines kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Takes the event after the last one. `event` is undefined for what this version does not know. */
  append(line: string, event: RunEvent | undefined): void {
    // Near enough: to count the bytes would cost more than all the rest here.
    const size = line.length;
    this.#lines.push(line);
    this.#sizes.push(size);
    this.#bytes += size;
    this.#lastSeq += 1;
    if (event) this.#digest.add(event, line);
    if (event?.type === "run_completed") this.#isFinished = true;
  }

  /** Puts in place of everything what it amounts to. */
  restore(snapshot: Snapshot): void {
    this.trimTo(0);
    this.#lastSeq = snapshot.throughSeq;
    this.#digest = RunDigest.from(snapshot);
    this.#isFinished ||= snapshot.events.some(({ type }) => type === "run_completed");
  }

  /** Drops the oldest lines until those that are left have at most so many bytes. */
  trimTo(bytes: number): void {
    while (this.#bytes > bytes) {
      this.#bytes -= this.#sizes[this.#head] ?? 0;
      this.#lines[this.#head] = "";
      this.#head += 1;
    }
    const isWorthIt =
      this.#head === this.#lines.length || (this.#head >= 1_000 && this.#head * 2 >= this.#lines.length);
    if (!isWorthIt) return;
    this.#lines = this.#lines.slice(this.#head);
    this.#sizes = this.#sizes.slice(this.#head);
    this.#head = 0;
  }

  /** Whether every event after that one is still here. */
  has(afterSeq: number): boolean {
    return afterSeq >= this.#lastSeq - (this.#lines.length - this.#head);
  }

  /** The next events after that one, at least one and at most so many; only where {@link has} says so. */
  take(afterSeq: number, { events, bytes }: { readonly events: number; readonly bytes: number }): LogPart {
    const from = this.#lines.length - (this.#lastSeq - afterSeq);
    let to = from;
    let room = bytes;
    while (to < this.#lines.length && to - from < events) {
      room -= this.#sizes[to] ?? 0;
      if (room < 0 && to > from) break;
      to += 1;
    }
    return { lines: this.#lines.slice(from, to), throughSeq: afterSeq + to - from };
  }

  /** All events in a few, up to now. */
  get digest(): RunDigest {
    return this.#digest;
  }
}
