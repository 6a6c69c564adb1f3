import { closeSync, openSync, readSync } from "node:fs";

const blockBytes = 1024 * 1024;

/** Whether two journals tell the same; the second may end with a line that was cut off while it was written. */
export function isSameJournal(journal: string, perhapsTorn: string): boolean {
  const left = openSync(journal, "r");
  try {
    const right = openSync(perhapsTorn, "r");
    try {
      return isSame(left, right);
    } finally {
      closeSync(right);
    }
  } finally {
    closeSync(left);
  }
}

function isSame(left: number, right: number): boolean {
  for (;;) {
    const one = readBlock(left);
    const other = readBlock(right);
    if (one.length < other.length) {
      const isSameSoFar = other.subarray(0, one.length).equals(one);
      return isSameSoFar && hasNoLineEnd(other.subarray(one.length), right);
    }
    if (!one.equals(other)) return false;
    if (one.length === 0) return true;
  }
}

function hasNoLineEnd(start: Buffer, descriptor: number): boolean {
  for (let block = start; block.length > 0; block = readBlock(descriptor)) if (block.includes("\n")) return false;
  return true;
}

/** Full, unless the file ends. */
function readBlock(descriptor: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  let length = 0;
  for (let read = -1; read !== 0 && length < blockBytes; length += read) {
    read = readSync(descriptor, block, length, blockBytes - length, null);
  }
  return block.subarray(0, length);
}
