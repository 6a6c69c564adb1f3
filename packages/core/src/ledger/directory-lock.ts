import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isProcessAlive, ownProcess, type ProcessIdentity } from "../process-identity.ts";

interface LockOwner {
  /** Unlike that of any other lock. */
  readonly token: string;
  readonly process: ProcessIdentity;
}

/** What is done under the lock takes a millisecond or so; whoever has it for longer has been stopped, or cannot be asked. */
const longestMs = 10_000;
const waitMs = 40;
const pauseMs = 1;

let lastToken = 0;

/** How a lock is held. */
export interface DirectoryLockOptions {
  /** Of its file; of several locks in one directory. */
  readonly name?: string;
  /** How long it is waited for, which holds this process up; 40 ms by default. */
  readonly waitMs?: number;
  /** Whoever has it for longer loses it; 10 s by default, `Infinity` for what may take as long as it likes. */
  readonly longestMs?: number;
}

/** A lock that is held. */
export interface HeldLock {
  release(): void;
}

/**
 * A lock between processes: a file that is linked into place with its owner's identity in it, so it is never seen without. The
 * lock of a process that is gone is removed by one other process alone, which has linked a file named after that very lock; and
 * so on where that process dies, too.
 */
export class DirectoryLock {
  readonly #directory: string;
  readonly #file: string;
  readonly #waitMs: number;
  readonly #longestMs: number;

  constructor(directory: string, options: DirectoryLockOptions = {}) {
    this.#directory = directory;
    this.#file = path.join(directory, options.name ?? "lock");
    this.#waitMs = options.waitMs ?? waitMs;
    this.#longestMs = options.longestMs ?? longestMs;
  }

  /** Takes the lock, for as long as it takes; `undefined` when somebody else has it. Throws where there can be no lock. */
  tryHold(): HeldLock | undefined {
    const { owner, own } = this.#introduce();
    try {
      if (!this.#acquire(own, owner)) return undefined;
    } finally {
      rmSync(own, { force: true });
    }
    return {
      release: () => {
        if (readOwner(this.#file)?.token === owner.token) rmSync(this.#file, { force: true });
      },
    };
  }

  /**
   * Runs `work` under the lock, which must do nothing that takes long; `isHeld` tells it whether it still has it. Returns
   * `undefined` when somebody else has had it all the while. Throws what the file system throws where there can be no lock.
   */
  with<Result>(work: (isHeld: () => boolean) => Result): { readonly result: Result } | undefined {
    const { owner, own } = this.#introduce();
    try {
      if (!this.#acquire(own, owner)) return undefined;
      const isHeld = (): boolean => readOwner(this.#file)?.token === owner.token;
      try {
        return { result: work(isHeld) };
      } finally {
        if (isHeld()) rmSync(this.#file, { force: true });
      }
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** The file that is linked into the lock's place. */
  #introduce(): { readonly owner: LockOwner; readonly own: string } {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    lastToken += 1;
    const owner: LockOwner = { token: `${process.pid}-${Date.now()}-${lastToken}`, process: ownProcess() };
    const own = path.join(this.#directory, `owner-${owner.token}`);
    writeFileSync(own, JSON.stringify(owner), { mode: 0o600 });
    return { owner, own };
  }

  /** Whether it can be taken from its owner. */
  #isOver({ process: owner }: LockOwner, file: string): boolean {
    if (isProcessAlive(owner) === false) return true;
    const ageMs = Date.now() - (statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? Date.now());
    return ageMs > this.#longestMs;
  }

  #acquire(own: string, owner: LockOwner): boolean {
    const endMs = performance.now() + this.#waitMs;
    for (;;) {
      if (tryLink(own, this.#file)) return true;
      const present = readOwner(this.#file);
      if (present && this.#isOver(present, this.#file)) this.#remove(this.#file, present, own, owner);
      else if (performance.now() >= endMs) return false;
      else sleep(pauseMs);
    }
  }

  /** Removes a lock whose owner is gone, unless somebody else is about to. */
  #remove(file: string, { token }: LockOwner, own: string, owner: LockOwner): void {
    const claim = path.join(this.#directory, `over-${token}`);
    if (tryLink(own, claim)) {
      // Only who holds the claim removes this lock, so it is still there, or was removed before the claim was made.
      if (readOwner(file)?.token === token) {
        rmSync(file, { force: true });
        rmSync(path.join(this.#directory, `owner-${token}`), { force: true });
      }
      if (readOwner(claim)?.token === owner.token) rmSync(claim, { force: true });
      return;
    }
    const claimer = readOwner(claim);
    if (claimer && this.#isOver(claimer, claim)) this.#remove(claim, claimer, own, owner);
    else sleep(pauseMs);
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function readOwner(file: string): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LockOwner;
  } catch {
    return undefined;
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
