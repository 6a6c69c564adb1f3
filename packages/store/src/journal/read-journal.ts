import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { ApexError, decodeEvent, describeThrown, isApexError, type RunEvent } from "@netra-apex/core";

/** A journal is not what apex wrote. */
export class JournalDamagedError extends ApexError {
  readonly code = "APEX_JOURNAL_DAMAGED";
  /** Of the file, 1 being the first. */
  readonly lineNumber: number;

  constructor(file: string, lineNumber: number, cause: unknown) {
    super(`${file}:${lineNumber}: ${describeThrown(cause).replace(/^line \d+: /, "")}`, {
      hint: "the journal was changed after it was written; what stands before that line can still be replayed",
      cause,
    });
    this.lineNumber = lineNumber;
  }
}

/** A journal cannot be read. */
export class JournalUnreadableError extends ApexError {
  readonly code = "APEX_JOURNAL_UNREADABLE";

  constructor(file: string, cause: unknown) {
    super(`${file} cannot be read: ${describeThrown(cause)}`, {
      hint: "the journal is gone or its permissions have changed",
      cause,
    });
  }
}

/** What there was beside the events. */
export interface JournalEnd {
  /** `seq` of events that this reader does not know and has left out. */
  readonly skipped: readonly number[];
  /** The last line was cut off while it was written. */
  readonly isTorn: boolean;
}

const blockBytes = 256 * 1024;

/**
 * Reads a journal event by event, in memory for no more than the longest line. Returns what there was beside the events.
 * Throws `JournalUnreadableError`, or `JournalDamagedError` after all events that stand before the damage.
 */
export function* readJournal(file: string): Generator<RunEvent, JournalEnd> {
  const skipped: number[] = [];
  let lineNumber = 0;
  for (const { text, isWhole } of linesOf(file)) {
    lineNumber += 1;
    let event: RunEvent | undefined;
    try {
      event = decodeEvent(text);
    } catch (error) {
      if (!isWhole) return { skipped, isTorn: true };
      if (!isApexError(error)) throw error;
      throw new JournalDamagedError(file, lineNumber, error);
    }
    if (event) yield event;
    else skipped.push((JSON.parse(text) as { readonly seq: number }).seq);
  }
  return { skipped, isTorn: false };
}

/** Lines of the file; the last one is not whole when it has no end. */
function* linesOf(file: string): Generator<{ readonly text: string; readonly isWhole: boolean }> {
  const descriptor = opened(file);
  try {
    const block = Buffer.alloc(blockBytes);
    const decoder = new StringDecoder("utf8");
    let parts: string[] = [];
    for (;;) {
      const length = read(descriptor, block, file);
      if (length === 0) break;
      const lines = decoder.write(block.subarray(0, length)).split("\n");
      const [first = "", ...others] = lines;
      parts.push(first);
      for (const next of others) {
        yield { text: parts.join(""), isWhole: true };
        parts = [next];
      }
    }
    const rest = parts.join("") + decoder.end();
    if (rest !== "") yield { text: rest, isWhole: false };
  } finally {
    closeSync(descriptor);
  }
}

function opened(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    throw new JournalUnreadableError(file, error);
  }
}

function read(descriptor: number, block: Buffer, file: string): number {
  try {
    return readSync(descriptor, block);
  } catch (error) {
    throw new JournalUnreadableError(file, error);
  }
}
