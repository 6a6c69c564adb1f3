import { describeThrown } from "../apex-error.ts";
import { ownProcess } from "../process-identity.ts";
import { type HostAmounts, type HostCapacity, isNothing, namedFor, sumOf } from "./host-amounts.ts";
import type { LedgerDirectory } from "./ledger-directory.ts";
import {
  describeParticipant,
  type LedgerRecord,
  type LedgerTake,
  type LedgerWait,
  type ParticipantKind,
  strangersOf,
  type TakeLevel,
} from "./ledger-record.ts";
import { whyNot } from "./ledger-rules.ts";
import { watchLedger } from "./watch-ledger.ts";

/** Who takes part. */
export interface HostIdentity {
  readonly kind: ParticipantKind;
  /** For people: `a run of shop`, or the id of a background task. */
  readonly name: string;
  /** Names of mutexes and slots are those of this project. */
  readonly projectRoot: string;
  readonly runId?: string;
  /** The run whose tests have started this one. */
  readonly within?: string;
  /** The background need not yield to it. */
  readonly isShared?: boolean;
}

/** `busy`: somebody else is at the ledger at this moment; to be tried again at once. */
export type TakeAnswer =
  | { readonly kind: "taken" }
  | { readonly kind: "short"; readonly reason: string }
  | { readonly kind: "busy" };

/** What is asked for, waited for, had, and given back. */
export interface HostRequest {
  /** Takes all of it or nothing. When there is not enough, the request waits from now on: whoever comes later does not overtake it for ever. */
  tryTake(): TakeAnswer;
  /** Gives it back, or waits no longer. */
  release(): void;
  /** Gives all of it back but these. */
  keep(amounts: HostAmounts): void;
}

/** A run's part in the ledger of the host; where that cannot be kept, it gets all that it asks for. */
export class HostParticipant {
  readonly #directory: LedgerDirectory;
  readonly #capacity: HostCapacity;
  readonly #projectRoot: string;
  readonly #takes = new Map<number, LedgerTake>();
  readonly #waits = new Map<number, LedgerWait>();
  #record: LedgerRecord;
  #lastId = 0;
  #running = 0;
  #isSuspended = false;
  #problem: string | undefined;

  /** Takes part from now on. */
  constructor(
    { projectRoot, kind, name, runId, within, isShared }: HostIdentity,
    { directory, capacity, id }: { directory: LedgerDirectory; capacity: HostCapacity; id: string },
  ) {
    this.#directory = directory;
    this.#capacity = capacity;
    this.#projectRoot = projectRoot;
    this.#record = {
      ...{ id, kind, name, process: ownProcess(), sinceMs: Date.now(), isIdle: false, takes: [], waits: [] },
      ...(runId === undefined ? {} : { runId }),
      ...(within === undefined ? {} : { within }),
      ...(isShared ? { isShared } : {}),
    };
    this.#write();
  }

  /** Why the ledger cannot be kept, where it cannot. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Something that this run wants, `what` being its name for people. */
  request({ what, level, amounts }: { what: string; level: TakeLevel; amounts: HostAmounts }): HostRequest {
    const id = (this.#lastId += 1);
    const take: LedgerTake = { id, for: what, level, amounts: namedFor(this.#projectRoot, amounts) };
    let sinceMs: number | undefined;
    return {
      tryTake: () => {
        sinceMs ??= Date.now();
        return this.#tryTake(take, sinceMs);
      },
      keep: (kept) => {
        if (!this.#takes.has(id)) return;
        this.#takes.set(id, { ...take, amounts: namedFor(this.#projectRoot, kept) });
        if (!this.#isSuspended) this.#write();
      },
      release: () => {
        const wasThere = this.#takes.delete(id);
        if (this.#waits.delete(id) || (wasThere && !this.#isSuspended)) this.#write();
      },
    };
  }

  /** How many layers of the run are open: a run that only waits is in nobody's way who wants the machine to itself. */
  setRunning(layers: number): void {
    this.#running = layers;
    if (this.#isIdle !== this.#record.isIdle) this.#write();
  }

  /** Nothing of the run runs, and nothing will for a while: what it has is there for others until {@link tryResume}. */
  suspend(): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#write();
  }

  /** Takes all that it had again, or nothing. */
  tryResume(): TakeAnswer {
    if (!this.#isSuspended) return { kind: "taken" };
    const had: LedgerTake = {
      ...{ id: 0, for: "all that it had", level: "layer" },
      amounts: sumOf([...this.#takes.values()].map(({ amounts }) => amounts)),
    };
    return this.#settle({ take: had, sinceMs: Date.now(), isWaiting: false, done: () => (this.#isSuspended = false) });
  }

  /** Runs that a person waits for and that the background makes room for, for people. */
  foregroundBeside(): string[] {
    return strangersOf(this.#record, this.#directory.read())
      .filter(({ kind, isShared = false }) => kind === "foreground" && !isShared)
      .map(describeParticipant);
  }

  /** Calls `listener` when others may have changed something; the returned function ends that. */
  onChange(listener: () => void): () => void {
    return watchLedger(this.#directory.directory, listener);
  }

  /** Takes part no longer. */
  leave(): void {
    this.#takes.clear();
    this.#waits.clear();
    this.#directory.remove(this.#record);
  }

  get #isIdle(): boolean {
    return this.#isSuspended || (this.#waits.size > 0 && this.#running === 0);
  }

  #tryTake(take: LedgerTake, sinceMs: number): TakeAnswer {
    if (this.#takes.has(take.id)) return { kind: "taken" };
    const done = (): void => {
      this.#waits.delete(take.id);
      if (!isNothing(take.amounts)) this.#takes.set(take.id, take);
    };
    return this.#settle({ take, sinceMs, isWaiting: true, done });
  }

  #settle(asked: { take: LedgerTake; sinceMs: number; isWaiting: boolean; done: () => void }): TakeAnswer {
    const { take, sinceMs, done } = asked;
    const why = (): string | undefined => this.#whyNot(take, sinceMs);
    // Without a ledger nobody is asked.
    if (this.#problem !== undefined) {
      done();
      return { kind: "taken" };
    }
    const reason = why();
    if (reason !== undefined) {
      if (asked.isWaiting) this.#wait(take, sinceMs, reason);
      return { kind: "short", reason };
    }
    // Whoever wants the machine to itself has waited for us since we came, so there is nothing to take.
    if (isNothing(take.amounts) && !this.#record.isIdle && !this.#waits.has(take.id)) return { kind: "taken" };
    return this.#underLock((isHeld) => {
      const stillWhy = why();
      if (stillWhy !== undefined) {
        if (asked.isWaiting) this.#wait(take, sinceMs, stillWhy);
        return { kind: "short", reason: stillWhy };
      }
      if (!isHeld()) return { kind: "busy" };
      done();
      // Its layer is as good as open.
      if (asked.isWaiting && take.level === "layer") this.#running += 1;
      this.#write();
      return { kind: "taken" };
    });
  }

  #underLock(work: (isHeld: () => boolean) => TakeAnswer): TakeAnswer {
    try {
      return this.#directory.lock.with(work)?.result ?? { kind: "busy" };
    } catch (error) {
      this.#fail(error);
      return { kind: "taken" };
    }
  }

  #whyNot({ level, amounts }: LedgerTake, sinceMs: number): string | undefined {
    const all = this.#directory.read();
    const state = { own: this.#record, all, capacity: this.#capacity, nowMs: Date.now() };
    return whyNot({ level, amounts, sinceMs }, state);
  }

  #wait(take: LedgerTake, sinceMs: number, reason: string): void {
    if (this.#waits.get(take.id)?.reason === reason) return;
    this.#waits.set(take.id, { ...take, sinceMs, reason });
    this.#write();
  }

  #write(): void {
    if (this.#problem !== undefined) return;
    const takes = this.#isSuspended ? [] : [...this.#takes.values()];
    this.#record = { ...this.#record, isIdle: this.#isIdle, takes, waits: [...this.#waits.values()] };
    try {
      this.#directory.write(this.#record);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#problem ??= describeThrown(error);
  }
}
