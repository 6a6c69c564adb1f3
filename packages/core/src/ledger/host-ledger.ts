import os from "node:os";
import process from "node:process";
import { ownProcess } from "../process-identity.ts";
import type { HostCapacity } from "./host-amounts.ts";
import { type HostIdentity, HostParticipant } from "./host-participant.ts";
import { LedgerDirectory } from "./ledger-directory.ts";
import type { LedgerRecord } from "./ledger-record.ts";

/** Who has what of this machine, and who waits for what. */
export interface LedgerPicture {
  readonly capacity: HostCapacity;
  /** Every run that takes part, the eldest first. */
  readonly runs: readonly LedgerRecord[];
}

let lastId = 0;

/**
 * What the apex runs of this user take of this machine together, in whatever project: memory, CPUs, mutexes and slots. Each
 * run keeps a file, which counts as long as its process lives; what is taken is taken under a lock. Where this cannot be kept
 * nobody is held up.
 */
export class HostLedger {
  readonly #directory: LedgerDirectory;
  readonly #capacity: HostCapacity;

  constructor({
    directory,
    memoryBytes = hostMemoryBytes(),
    cpus = os.availableParallelism(),
  }: { readonly directory?: string; readonly memoryBytes?: number; readonly cpus?: number } = {}) {
    this.#directory = new LedgerDirectory(directory);
    this.#capacity = { memoryBytes, milliCpus: Math.round(cpus * 1_000) };
  }

  /** Takes part from now on, with nothing taken yet. Never throws: see `HostParticipant.problem`. */
  join(identity: HostIdentity): HostParticipant {
    this.#directory.tidy();
    const own = ownProcess();
    lastId += 1;
    const id = `${own.pid}-${own.startedAt ?? Date.now()}-${lastId}`;
    return new HostParticipant(identity, { directory: this.#directory, capacity: this.#capacity, id });
  }

  /** For people to look at. */
  picture(): LedgerPicture {
    return { capacity: this.#capacity, runs: this.#directory.read() };
  }
}

/** Memory that this process and what it starts may have: the machine's, or its container's. */
export function hostMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < os.totalmem() ? constrained : os.totalmem();
}
