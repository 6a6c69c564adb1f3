import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { hostDirectory } from "./host-directory.ts";
import { isProcessAlive, type ProcessIdentity } from "../process-identity.ts";
import { DirectoryLock } from "./directory-lock.ts";
import type { LedgerRecord } from "./ledger-record.ts";

const suffix = ".json";
/** After which what cannot be read is not being written any more. */
const halfWrittenMs = 1_000;

/** The files of the ledger: one for each run, written whole or not at all, and a lock. */
export class LedgerDirectory {
  readonly directory: string;
  readonly lock: DirectoryLock;
  /** Beside the records, so that whoever watches these is not woken by every lock. */
  readonly #aside: string;

  constructor(directory: string = hostDirectory("ledger")) {
    this.directory = directory;
    this.#aside = path.join(directory, "lock");
    this.lock = new DirectoryLock(this.#aside);
  }

  /** Of every run that lives, the eldest first; what others have left is removed. Never throws. */
  read(): LedgerRecord[] {
    return namesIn(this.directory)
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => readRecord(path.join(this.directory, name)) ?? [])
      .sort((a, b) => a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1));
  }

  /** Throws what the file system throws. */
  write(record: LedgerRecord): void {
    mkdirSync(this.#aside, { recursive: true, mode: 0o700 });
    const draft = path.join(this.#aside, `draft-${record.id}`);
    writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
    renameSync(draft, this.#fileOf(record));
  }

  /** Never throws: it counts for nothing once its process is gone. */
  remove(record: LedgerRecord): void {
    try {
      rmSync(this.#fileOf(record), { force: true });
    } catch {
      // The directory cannot be written to any more.
    }
  }

  /** Removes what killed processes have left half done. */
  tidy(): void {
    for (const name of namesIn(this.#aside).filter((one) => /^(owner|draft)-/.test(one))) {
      const file = path.join(this.#aside, name);
      if (isOwnerGone(file)) rmSync(file, { force: true });
    }
  }

  #fileOf({ id }: LedgerRecord): string {
    return path.join(this.directory, `${id}${suffix}`);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readRecord(file: string): LedgerRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as LedgerRecord;
    const isAlive = isProcessAlive(record.process);
    if (isAlive === false) rmSync(file, { force: true });
    // One of another version of apex says other things, or nothing that is known here.
    if (isAlive === true && Array.isArray(record.takes) && Array.isArray(record.waits)) return record;
  } catch {
    // It is being removed at this moment.
  }
  return undefined;
}

/** Whether nobody will finish a file: its owner is gone, or was killed while it wrote what takes no time to write. */
function isOwnerGone(file: string): boolean {
  try {
    const { process: owner } = JSON.parse(readFileSync(file, "utf8")) as { readonly process: ProcessIdentity };
    return isProcessAlive(owner) === false;
  } catch {
    const { mtimeMs = Date.now() } = statSync(file, { throwIfNoEntry: false }) ?? {};
    return Date.now() - mtimeMs > halfWrittenMs;
  }
}
