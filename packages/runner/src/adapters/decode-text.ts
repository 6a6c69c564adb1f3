import { createReadStream } from "node:fs";

/** Reads a text file in pieces, in the encoding that its first bytes or its XML declaration tell; UTF-8 otherwise. Bytes that mean nothing become U+FFFD. */
export async function* decodedChunks(file: string): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const chunk of createReadStream(file)) {
    const bytes: Uint8Array = chunk;
    decoder ??= decoderFor(bytes);
    yield decoder.decode(bytes, { stream: true });
  }
  if (decoder) yield decoder.decode();
}

const declared = /^\uFEFF?<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/;

function decoderFor(bytes: Uint8Array): InstanceType<typeof TextDecoder> {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le");
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be");
  // The declaration itself, in UTF-16 without a mark at the beginning.
  if (first === 0x3c && second === 0) return new TextDecoder("utf-16le");
  if (first === 0 && second === 0x3c) return new TextDecoder("utf-16be");
  const label = declared.exec(Buffer.from(bytes.subarray(0, 200)).toString("latin1"))?.[1];
  // It was readable byte by byte, so it is no UTF-16, whatever it says.
  if (label === undefined || /^(?:utf-?16|ucs-?2)/i.test(label)) return new TextDecoder();
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
