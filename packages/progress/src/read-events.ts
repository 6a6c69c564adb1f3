import { decodeEvent, type RunEvent } from "@netra-apex/core";

/** Where events come from: Node's or the web's readable stream, or anything that gives text or bytes in pieces. */
export type EventInput = AsyncIterable<string | Uint8Array> | ReadableStream<string | Uint8Array>;

/** The events of a stream, read once; what was found beside them is known when the reading is over. */
export interface EventReader extends AsyncIterable<RunEvent> {
  /** Events that this version does not know, and that were left out. */
  readonly skipped: number;
  /** The last line was cut off: whoever wrote it was ended. */
  readonly isTorn: boolean;
}

/**
 * Reads what `apex run --json` writes, event by event, as in `for await (const event of readEvents(process.stdin))`. Pieces may be
 * cut anywhere. Throws `EventCodecError` (`APEX_EVENT_INVALID`, with the number of the line) for a line that is no event, unless
 * it is the last one and has no end.
 */
export function readEvents(source: EventInput): EventReader {
  return new LineReader(source);
}

class LineReader implements EventReader {
  readonly #source: EventInput;
  #lineNumber = 0;
  #skipped = 0;
  #isTorn = false;

  constructor(source: EventInput) {
    this.#source = source;
  }

  get skipped(): number {
    return this.#skipped;
  }

  get isTorn(): boolean {
    return this.#isTorn;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
    // Pieces of a line that has not ended: joined once, for a plan can be a line of megabytes.
    let pieces: string[] = [];
    for await (const text of texts(this.#source)) {
      const [first = "", ...others] = text.split("\n");
      pieces.push(first);
      for (const next of others) {
        const event = this.#read(pieces.join(""));
        pieces = [next];
        if (event) yield event;
      }
    }
    const event = this.#readLast(pieces.join(""));
    if (event) yield event;
  }

  #read(written: string): RunEvent | undefined {
    this.#lineNumber += 1;
    // Some shells put a mark of the byte order before what they pass on.
    const line = this.#lineNumber === 1 ? written.replace(/^\uFEFF/, "") : written;
    if (line.trim() === "") return undefined;
    const event = decodeEvent(line, { lineNumber: this.#lineNumber });
    if (!event) this.#skipped += 1;
    return event;
  }

  #readLast(line: string): RunEvent | undefined {
    try {
      return this.#read(line);
    } catch {
      this.#isTorn = true;
      return undefined;
    }
  }
}

async function* texts(source: EventInput): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  for await (const piece of source as AsyncIterable<string | Uint8Array>) {
    yield typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
  }
  yield decoder.decode();
}
