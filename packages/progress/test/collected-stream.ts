import { Writable } from "node:stream";

/** A stream that remembers what was written; with `columns`, it is a terminal. */
export class CollectedStream extends Writable {
  readonly isTTY: boolean;
  columns: number;
  rows: number;
  readonly writes: string[] = [];

  readonly #onWrite: ((text: string) => void) | undefined;

  constructor({
    columns,
    rows = 24,
    onWrite,
  }: { columns?: number; rows?: number; onWrite?: (text: string) => void } = {}) {
    super({ decodeStrings: false });
    this.#onWrite = onWrite;
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 80;
    this.rows = rows;
  }

  get text(): string {
    return this.writes.join("");
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(String(chunk));
    this.#onWrite?.(String(chunk));
    done();
  }
}
