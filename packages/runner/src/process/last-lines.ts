import { open } from "node:fs/promises";

/**
 * The last `count` lines of a text file, joined by newlines, without a final one; empty for a file that does not exist.
 * Reads at most `maxBytes` from the end, so the first of the lines may have lost its beginning.
 */
export async function lastLines(file: string, count: number, maxBytes: number): Promise<string> {
  const handle = await open(file, "r").catch(() => undefined);
  if (!handle) return "";
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const bytes = buffer.subarray(size > length ? firstWholeCharacter(buffer) : 0, bytesRead);
    return bytes.toString("utf8").trimEnd().split("\n").slice(-count).join("\n");
  } finally {
    await handle.close();
  }
}

/** Skips the rest of a UTF-8 character that the cut has split. */
function firstWholeCharacter(bytes: Buffer): number {
  const start = bytes.findIndex((byte) => (byte & 0b1100_0000) !== 0b1000_0000);
  return start === -1 ? 0 : start;
}
