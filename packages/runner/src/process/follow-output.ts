import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setImmediate } from "node:timers/promises";

/** Reads a log file while a process still appends to it. */
export interface OutputFollower {
  /** Reads what is left and stops. Resolves once the last text has been handed over; call it when the process has exited. */
  finish(): Promise<void>;
}

const pollMs = 100;
const chunkBytes = 64 * 1024;

/** Nobody reads more of one command while it runs; the file has everything. */
const mostBytes = 16 * 1024 * 1024;
/** What is still handed over of a longer output, from its end. */
const tailBytes = 64 * 1024;

/**
 * Hands `onText` what is appended to `logFile`, in order and decoded from UTF-8, in pieces of at most 64 KiB.
 * Of an output of more than `limitBytes` (16 MiB) the middle is left out, with a line that says so: its beginning is handed
 * over as it comes, its last 64 KiB in the end.
 * The file need not exist yet. A process that ends before the first poll costs one look at the file's size.
 */
export function followOutput(logFile: string, onText: (text: string) => void, limitBytes = mostBytes): OutputFollower {
  const decoder = new StringDecoder("utf8");
  let file: number | undefined;
  let position = sizeOf(logFile);
  const limit = position + limitBytes;
  let buffer: Buffer | undefined;
  let reading: Promise<void> = Promise.resolve();
  let isReading = false;

  const readUpTo = async (end: number): Promise<void> => {
    file ??= openSync(logFile, "r");
    buffer ??= Buffer.allocUnsafeSlow(chunkBytes);
    while (position < end) {
      const bytes = readSync(file, buffer, 0, Math.min(chunkBytes, end - position), position);
      // Shorter than it was: somebody truncated the log.
      if (bytes === 0) break;
      position += bytes;
      const text = decoder.write(buffer.subarray(0, bytes));
      if (text !== "") onText(text);
      // A flood of output must not starve the rest of the run.
      if (position < end) await setImmediate();
    }
  };
  /** The end of an output whose middle is left out. */
  const readTail = async (): Promise<void> => {
    const end = sizeOf(logFile);
    if (end <= position) return;
    const skipped = end - position - tailBytes;
    if (skipped > 0) {
      position += skipped;
      onText(`\n… ${Math.ceil(skipped / 2 ** 20)} MiB of output are left out here; the log has them …\n`);
    }
    await readUpTo(end);
  };
  const poll = async (): Promise<void> => {
    if (isReading) return;
    // Reading up to the size found now ends even when somebody goes on writing.
    const end = file === undefined ? sizeOf(logFile) : fstatSync(file).size;
    if (end <= position || position >= limit) return;
    isReading = true;
    reading = readUpTo(Math.min(end, limit)).finally(() => {
      isReading = false;
    });
    await reading;
  };
  const timer = setInterval(() => {
    // What fails here fails again in `finish`, where somebody listens.
    poll().catch(() => clearInterval(timer));
  }, pollMs).unref();

  return {
    async finish() {
      clearInterval(timer);
      try {
        await reading;
        await poll();
        await readTail();
        const rest = decoder.end();
        if (rest !== "") onText(rest);
      } finally {
        if (file !== undefined) closeSync(file);
      }
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
