import type { ProcessIdentity } from "../process-identity.ts";
import type { HostAmounts } from "./host-amounts.ts";

/** Whether a person waits for a run. */
export type ParticipantKind = "foreground" | "background";

/**
 * What is taken for: `layer` for all of a layer (or of layers that need each other) in one go, when it opens, until it has
 * ended; `node` for one node while it runs.
 */
export type TakeLevel = "layer" | "node";

/** What a run has taken. */
export interface LedgerTake {
  readonly id: number;
  /** The layer, or the node, for people. */
  readonly for: string;
  readonly level: TakeLevel;
  readonly amounts: HostAmounts;
}

/** What a run waits for. */
export interface LedgerWait extends LedgerTake {
  readonly sinceMs: number;
  /** Whom it waits for, and for what. */
  readonly reason: string;
}

/** What one run of this machine has and wants: the content of its file in the ledger. */
export interface LedgerRecord {
  /** Unlike any other's. */
  readonly id: string;
  readonly kind: ParticipantKind;
  /** For people: `a run of shop`, or the id of a background task. */
  readonly name: string;
  readonly process: ProcessIdentity;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly runId?: string;
  /** The run whose tests have started this one: they share what they have, as it waits for this one. */
  readonly within?: string;
  /** The background need not yield to it. */
  readonly isShared?: boolean;
  /** All it does is wait: nothing of it runs. */
  readonly isIdle: boolean;
  readonly takes: readonly LedgerTake[];
  readonly waits: readonly LedgerWait[];
}

/** A run, for people, with how to tell it apart. */
export function describeParticipant({ kind, name, process: { pid } }: LedgerRecord): string {
  return kind === "background" ? `the background task ${name} (apex bg cancel ${name})` : `${name} (pid ${pid})`;
}

/**
 * The records of runs that have nothing to do with this one. A run that was started by the tests of another one is no
 * stranger to it: that one cannot go on before it has ended.
 */
export function strangersOf(record: LedgerRecord, all: readonly LedgerRecord[]): LedgerRecord[] {
  const elders = ancestors(record, all);
  return all.filter(
    (other) =>
      other.id !== record.id &&
      !(other.runId !== undefined && elders.has(other.runId)) &&
      !(record.runId !== undefined && ancestors(other, all).has(record.runId)),
  );
}

function ancestors({ within }: LedgerRecord, all: readonly LedgerRecord[]): Set<string> {
  const found = new Set<string>();
  for (let next = within; next !== undefined && !found.has(next);) {
    found.add(next);
    const id: string = next;
    next = all.find(({ runId }) => runId === id)?.within;
  }
  return found;
}
