import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { delay, systemClock } from "../clock.ts";
import { isProcessAlive, ownProcess, type ProcessIdentity } from "../process-identity.ts";
import { hostDirectory } from "./host-directory.ts";

/** What a run takes of this machine, as far as it is known before. */
export interface Holding {
  /** A person waits for a foreground run, and it never waits itself. */
  readonly kind: "foreground" | "background";
  /** For people: the project, or the task. */
  readonly name: string;
  readonly memoryBytes: number;
}

/** A {@link Holding} of a process that is alive. */
export interface HeldHolding extends Holding {
  readonly process: ProcessIdentity;
  readonly sinceMs: number;
}

/** Takes part in the ledger until it is released, or its process is gone. */
export interface Hold {
  release(): void;
}

/**
 * What apex runs of this user take of this machine together, in whatever project: a file for each, which counts as long as its process
 * lives. Where it cannot be kept nobody is held up.
 */
export class HostLedger {
  readonly #directory: string;
  readonly #capacityBytes: number;
  #last = 0;

  constructor({
    directory = hostDirectory("ledger"),
    memoryBytes = hostMemoryBytes(),
  }: { readonly directory?: string; readonly memoryBytes?: number } = {}) {
    this.#directory = directory;
    this.#capacityBytes = memoryBytes;
  }

  /** Everyone who takes part and is alive, the eldest first. */
  holdings(): readonly HeldHolding[] {
    return namesIn(this.#directory)
      .flatMap((name) => readHolding(path.join(this.#directory, name)) ?? [])
      .sort((a, b) => a.sinceMs - b.sinceMs || a.process.pid - b.process.pid);
  }

  /** Takes part from now on, whether there is room or not. */
  hold(holding: Holding): Hold {
    const own = ownProcess();
    this.#last += 1;
    const file = path.join(this.#directory, `${own.pid}-${own.startedAt ?? Date.now()}-${this.#last}.json`);
    const held: HeldHolding = { ...holding, process: own, sinceMs: Date.now() };
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(file, JSON.stringify(held), { mode: 0o600 });
    } catch {
      return { release: () => undefined };
    }
    return {
      release: () => {
        try {
          rmSync(file, { force: true });
        } catch {
          // It counts for nothing once this process is gone.
        }
      },
    };
  }

  /**
   * Takes part as soon as the memory of all together fits into this machine, or at once when nobody else is there. `onWait` hears
   * whom it waits for, whenever that changes. Rejects with the signal's reason.
   */
  async holdWithin(
    holding: Holding,
    { signal, lookMs = 500, onWait }: { signal: AbortSignal; lookMs?: number; onWait?: (reason: string) => void },
  ): Promise<Hold> {
    let told = "";
    for (;;) {
      signal.throwIfAborted();
      const hold = this.hold(holding);
      const reason = this.#shortage();
      if (reason === undefined) return hold;
      hold.release();
      if (reason !== told) onWait?.((told = reason));
      await delay(systemClock, lookMs, signal);
    }
  }

  /** Why this process, which has just entered itself, is one too many. */
  #shortage(): string | undefined {
    const all = this.holdings();
    const isOwn = ({ process: { pid } }: HeldHolding): boolean => pid === process.pid;
    const own = all.filter(isOwn).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    const place = all.findLastIndex(isOwn);
    // Of two that come at the same moment, the younger finds the elder before it, and waits.
    const before = all.filter((held, index) => !isOwn(held) && (index < place || held.kind === "foreground"));
    if (before.length === 0) return undefined;
    const taken = before.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    if (taken + own <= this.#capacityBytes) return undefined;
    return `memory: ${before.map(({ name }) => name).join(", ")}`;
  }
}

/** Memory that this process and what it starts may have: the machine's, or its container's. */
export function hostMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < os.totalmem() ? constrained : os.totalmem();
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

/** Files of processes that are gone are removed on the way. */
function readHolding(file: string): HeldHolding | undefined {
  try {
    const held = JSON.parse(readFileSync(file, "utf8")) as HeldHolding;
    if (isProcessAlive(held.process) === true) return held;
    if (isProcessAlive(held.process) === false) rmSync(file, { force: true });
  } catch {
    // It is being written, or removed, at this moment.
  }
  return undefined;
}
