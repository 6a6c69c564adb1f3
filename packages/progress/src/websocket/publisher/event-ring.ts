import type { RunEvent } from "@netra-apex/core";

/** An event as it goes out. */
export interface RingEntry {
  readonly event: RunEvent;
  readonly line: string;
}

/** The latest events of a run, within bounds. They stay when they have arrived, for a hub that was started anew has lost them. */
export class EventRing {
  readonly #most: { readonly events: number; readonly bytes: number };
  readonly #onLeave: (entry: RingEntry) => void;
  #entries: (RingEntry & { readonly bytes: number })[] = [];
  /** Of the first that is still here; those before it wait to be cut off all at once. */
  #head = 0;
  #bytes = 0;

  /** `onLeave` gets what makes room, in order. */
  constructor(most: { readonly events: number; readonly bytes: number }, onLeave: (entry: RingEntry) => void) {
    this.#most = most;
    this.#onLeave = onLeave;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** 0 as long as there was none. */
  get lastSeq(): number {
    return this.#entries.at(-1)?.event.seq ?? 0;
  }

  /** Of the oldest that is still here. */
  get firstSeq(): number {
    return this.lastSeq - this.length + 1;
  }

  /** Takes the next event; the latest is kept whatever its size. */
  push(event: RunEvent, line: string): void {
    const bytes = Buffer.byteLength(line);
    // What is here has no gap: what came before one is as good as gone.
    if (this.length > 0 && event.seq !== this.lastSeq + 1) while (this.length > 0) this.#shift();
    this.#entries.push({ event, line, bytes });
    this.#bytes += bytes;
    while (this.length > 1 && (this.length > this.#most.events || this.#bytes > this.#most.bytes)) this.#shift();
  }

  /** The lines after that event, at least one and about so many bytes; only from {@link firstSeq} on. */
  take(afterSeq: number, bytes: number): { readonly lines: readonly string[]; readonly throughSeq: number } {
    const lines: string[] = [];
    let room = bytes;
    for (let index = this.#entries.length - (this.lastSeq - afterSeq); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (!entry) break;
      room -= entry.bytes + 1;
      if (room < 0 && lines.length > 0) break;
      lines.push(entry.line);
    }
    return { lines, throughSeq: afterSeq + lines.length };
  }

  #shift(): void {
    const entry = this.#entries[this.#head];
    if (!entry) return;
    this.#head += 1;
    this.#bytes -= entry.bytes;
    this.#onLeave(entry);
    if (this.#head === this.#entries.length || (this.#head > 1_024 && this.#head * 2 > this.#entries.length)) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
