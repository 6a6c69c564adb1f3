import { closeSync, fdatasync, ftruncateSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";

/** The file that a journal is written to; a seam, so that tests can let any single call fail. */
export interface JournalFile {
  /** Writes as much as it can, and returns how many bytes that was. Throws what the file system throws. */
  write(bytes: Uint8Array): number;
  /** Resolves when all that was written is on the disk. */
  sync(): Promise<void>;
  /** Cuts the file off after this many bytes. */
  truncate(length: number): void;
  close(): void;
}

/** Opens a new file for a journal. Throws what the file system throws, also where the file is there already. */
export function createJournalFile(path: string): JournalFile {
  const descriptor = openSync(path, "ax");
  const syncData = promisify(fdatasync);
  return {
    write: (bytes) => writeSync(descriptor, bytes),
    sync: () => syncData(descriptor),
    truncate: (length) => ftruncateSync(descriptor, length),
    close: () => closeSync(descriptor),
  };
}
