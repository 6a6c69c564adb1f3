import { closeSync, fdatasync, fsync, ftruncateSync, openSync, writeSync } from "node:fs";
import path from "node:path";
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
export function createJournalFile(file: string): JournalFile {
  const descriptor = openSync(file, "ax");
  const syncData = promisify(fdatasync);
  let isNew = true;
  return {
    write: (bytes) => writeSync(descriptor, bytes),
    sync: async () => {
      await syncData(descriptor);
      if (!isNew) return;
      isNew = false;
      // A file that no directory names is lost with the power, however well its bytes are kept.
      const directory = path.dirname(file);
      await syncDirectory(directory);
      await syncDirectory(path.dirname(directory));
    },
    truncate: (length) => ftruncateSync(descriptor, length),
    close: () => closeSync(descriptor),
  };
}

async function syncDirectory(directory: string): Promise<void> {
  try {
    const descriptor = openSync(directory, "r");
    try {
      await promisify(fsync)(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Not every system lets a directory be opened, or synced.
  }
}
