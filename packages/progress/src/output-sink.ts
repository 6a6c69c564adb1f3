import type { OutputStream } from "./output-stream.ts";

/** The reader closed its end; nobody is left to tell, so the writer goes quiet. `EIO` is a terminal that hung up. */
const goneCodes: ReadonlySet<unknown> = new Set([
  "EPIPE",
  "ECONNRESET",
  "EIO",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** Queued texts are joined up to this size: few writes for a slow reader, never one string of the whole queue. */
const chunkChars = 64 * 1024;

/**
 * Writes text to a stream that may be slow or may go away.
 *
 * While the stream asks for a pause, text waits here in order. When the reader is gone, everything is dropped in
 * silence. Any other fault of the stream (a full disk) is thrown by the next `write` and by `close`.
 */
export class OutputSink {
  readonly #stream: OutputStream;
  #queue: string[] = [];
  #next = 0;
  #unconfirmed = 0;
  #isPaused = false;
  #isGone = false;
  #fault: Error | undefined;
  #onIdle: (() => void)[] = [];

  constructor(stream: OutputStream) {
    this.#stream = stream;
    stream.on("error", this.#fail);
    stream.on("close", this.#leave);
    stream.on("drain", this.#resume);
  }

  /** Whether the reader went away. */
  get isGone(): boolean {
    return this.#isGone;
  }

  write(text: string): void {
    if (this.#fault) throw this.#fault;
    if (this.#isGone || text === "") return;
    this.#queue.push(text);
    this.#pump();
  }

  /** Resolves when all text has reached the stream's destination; the stream itself stays open. */
  async close(): Promise<void> {
    if (this.#hasWork()) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    // A stream emits `error` after the callback of the write that failed: stay to hear it.
    await new Promise((resolve) => setImmediate(resolve));
    this.#stream.removeListener("error", this.#fail);
    this.#stream.removeListener("close", this.#leave);
    this.#stream.removeListener("drain", this.#resume);
    if (this.#fault) throw this.#fault;
  }

  #hasWork(): boolean {
    return !this.#isGone && (this.#next < this.#queue.length || this.#unconfirmed > 0);
  }

  #pump(): void {
    while (!this.#isPaused && !this.#isGone && this.#next < this.#queue.length) {
      let chunk = "";
      while (this.#next < this.#queue.length && chunk.length < chunkChars) chunk += this.#queue[this.#next++];
      this.#unconfirmed += 1;
      this.#isPaused = !this.#stream.write(chunk, this.#confirm);
    }
    // Forget what is written, in strides: cutting the queue for each write would cost its length each time.
    if (this.#next > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
  }

  readonly #confirm = (error?: Error | null): void => {
    this.#unconfirmed -= 1;
    if (error) this.#fail(error);
    else this.#tellIdle();
  };

  readonly #resume = (): void => {
    this.#isPaused = false;
    this.#pump();
  };

  readonly #leave = (): void => {
    this.#isGone = true;
    this.#queue = [];
    this.#next = 0;
    this.#tellIdle();
  };

  readonly #fail = (error: Error): void => {
    if (!("code" in error) || !goneCodes.has(error.code)) this.#fault ??= error;
    this.#leave();
  };

  #tellIdle(): void {
    if (this.#hasWork()) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
