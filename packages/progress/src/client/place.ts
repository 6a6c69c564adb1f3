import type { RunEvent, RunId } from "@netra-apex/core";
import type { Cursor, Snapshot } from "../websocket/protocol.ts";

/** Events that should have come are missing before this one. */
export interface Gap {
  readonly run: RunId;
  readonly expectedSeq: number;
  readonly seq: number;
}

/** What is new of some events. */
export interface FreshEvents {
  /** In order, without a gap after what was there. */
  readonly events: readonly RunEvent[];
  readonly repeats: number;
  /** Where they stop to be without one; the rest is left out. */
  readonly gap?: Gap;
}

/** A run id sorts by its time; a hub takes at most 64 KiB in a message, which holds more than so many. */
const mostRunsToSend = 1_000;

/** Where a reader is: by run, the last event that it has. */
export class Place {
  readonly #seqs: Map<RunId, number>;

  constructor(cursor: Cursor = {}) {
    this.#seqs = new Map(Object.entries(cursor));
  }

  /** Takes events of a run, those that are new and in their turn. */
  take(run: RunId, events: readonly RunEvent[]): FreshEvents {
    let lastSeq = this.#seqs.get(run) ?? 0;
    let repeats = 0;
    const fresh: RunEvent[] = [];
    let gap: Gap | undefined;
    for (const event of events) {
      if (event.seq <= lastSeq) {
        repeats += 1;
      } else if (event.seq === lastSeq + 1) {
        fresh.push(event);
        lastSeq = event.seq;
      } else {
        gap = { run, expectedSeq: lastSeq + 1, seq: event.seq };
        break;
      }
    }
    if (fresh.length > 0) this.#seqs.set(run, lastSeq);
    return { events: fresh, repeats, ...(gap ? { gap } : {}) };
  }

  /** Takes a snapshot; false for one that says nothing new. */
  takeSnapshot({ run, throughSeq }: Snapshot): boolean {
    if (throughSeq <= (this.#seqs.get(run) ?? 0)) return false;
    this.#seqs.set(run, throughSeq);
    return true;
  }

  /** Puts a run on an event, in whatever way it got there. */
  set(run: RunId, seq: number): void {
    this.#seqs.set(run, seq);
  }

  get cursor(): Cursor {
    return Object.fromEntries(this.#seqs);
  }

  /** What to tell a hub: of very many runs the newest, for what comes again of the others is known as such. */
  get cursorToSend(): Cursor {
    if (this.#seqs.size <= mostRunsToSend) return this.cursor;
    return Object.fromEntries([...this.#seqs].sort(([a], [b]) => (a < b ? 1 : -1)).slice(0, mostRunsToSend));
  }
}
