import { ApexError, describeThrown, encodeEvent, type Reporter, type RunEvent } from "@netra-apex/core";
import { createJournalFile, type JournalFile } from "./journal-file.ts";

/** A run's journal could not be written any further. */
export class JournalWriteError extends ApexError {
  readonly code = "APEX_JOURNAL_UNWRITABLE";

  constructor(file: string, seq: number, cause: unknown) {
    super(`the journal of this run ends before event ${seq}: ${describeThrown(cause)} (${file})`, {
      hint: "the run goes on; what comes from here on is in no history, and cannot be resumed",
      cause,
    });
  }
}

/**
 * Writes a run's events to its journal, one line of JSON each. Subscribed first, it is a write-ahead log: no other consumer
 * sees an event that is not in the file, so a process that is killed loses nothing that it has told anybody. At each
 * node's end (within 25 ms of it) and at the run's the file is brought to the disk as well, which a loss of power survives; that happens beside
 * the run.
 *
 * Throws `JournalWriteError` in `onEvent` when the file takes no more, which ends it (the stream tells it as
 * `reporter_failed`); what was written by then stays, and ends with a whole line.
 */
export class JournalWriter implements Reporter {
  readonly name = "journal";
  readonly #path: string;
  readonly #file: JournalFile;
  #length = 0;
  #nextSeq = 1;
  #syncing: Promise<void> | undefined;
  #isDirty = false;
  #isClosed = false;
  #syncError: unknown;
  #endGathering = (): void => undefined;

  /** Makes the file. Throws what the file system throws. */
  constructor(path: string, file: JournalFile = createJournalFile(path)) {
    this.#path = path;
    this.#file = file;
  }

  onEvent(event: RunEvent): void {
    if (this.#syncError !== undefined) throw new JournalWriteError(this.#path, event.seq, this.#syncError);
    let line: Buffer;
    try {
      line = Buffer.from(`${encodeEvent(event)}\n`);
      this.#writeWhole(line);
    } catch (error) {
      this.#cutOff();
      throw new JournalWriteError(this.#path, event.seq, error);
    }
    this.#length += line.length;
    this.#nextSeq = event.seq + 1;
    if (mustReachDisk.has(event.type)) this.#requestSync();
  }

  /** Resolves when the file is on the disk and closed. Rejects with `JournalWriteError` when the disk did not take it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#requestSync();
    this.#endGathering();
    await this.#syncing;
    try {
      this.#file.close();
    } catch (error) {
      this.#syncError ??= error;
    }
    if (this.#syncError !== undefined) throw new JournalWriteError(this.#path, this.#nextSeq, this.#syncError);
  }

  /** A write may take less than it was given. */
  #writeWhole(line: Buffer): void {
    for (let written = 0; written < line.length;) {
      const taken = this.#file.write(written === 0 ? line : line.subarray(written));
      if (taken <= 0) throw new Error("the file takes nothing");
      written += taken;
    }
  }

  /** At most one at a time; what is written meanwhile gets the next one. */
  #requestSync(): void {
    if (this.#syncError !== undefined) return;
    this.#isDirty = true;
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
  }

  async #sync(): Promise<void> {
    while (this.#isDirty && this.#syncError === undefined) {
      this.#isDirty = false;
      try {
        await this.#file.sync();
      } catch (error) {
        // The kernel may have dropped the pages: what "synced" means is unknown from here on.
        this.#syncError = error;
      }
      if (!this.#isClosed) await this.#gather();
    }
  }

  /** Lets ends of nodes that come in quick succession reach the disk together. */
  async #gather(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      this.#endGathering = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #cutOff(): void {
    try {
      this.#file.truncate(this.#length);
    } catch {
      // A torn last line is what readers expect after a crash, too.
    }
  }
}

/** A sync takes less than a millisecond and keeps a thread busy: a thousand nodes a second need not each have their own. */
const gatherMs = 25;

const mustReachDisk: ReadonlySet<RunEvent["type"]> = new Set<RunEvent["type"]>([
  "run_started",
  "node_completed",
  "run_completed",
]);
