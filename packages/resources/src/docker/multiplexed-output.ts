/** Keeps the end of what is written to it. */
export class OutputEnd {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Twice the limit before it is cut, so that cutting costs little.
    if (this.#bytes > 2 * this.#limitBytes) this.#cut();
  }

  text(): string {
    return this.#cut().toString("utf8");
  }

  #cut(): Buffer {
    const whole = Buffer.concat(this.#chunks);
    const end = whole.subarray(Math.max(0, whole.length - this.#limitBytes));
    this.#chunks = [end];
    this.#bytes = end.length;
    return end;
  }
}

const headerBytes = 8;

/**
 * Takes apart what an engine sends of a container without a terminal: frames of a header (stream, three zeros, length as a
 * big-endian number of 32 bits) and a payload. What does not begin so is passed on as it is.
 * See "Stream format" of https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach.
 */
export function takeFramesApart(write: (payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let isRaw = false;
  return (chunk) => {
    if (isRaw) {
      write(chunk);
      return;
    }
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= headerBytes) {
      if (rest.readUInt8(0) > 2 || rest.readUIntBE(1, 3) !== 0) {
        isRaw = true;
        write(rest);
        return;
      }
      const end = headerBytes + rest.readUInt32BE(4);
      if (rest.length < end) return;
      write(rest.subarray(headerBytes, end));
      rest = rest.subarray(end);
    }
  };
}
