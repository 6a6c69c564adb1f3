import { formatSize } from "../config/units.ts";
import { areRivals, type HostAmounts, type HostCapacity, sumOf } from "./host-amounts.ts";
import {
  describeParticipant,
  type LedgerRecord,
  type LedgerWait,
  strangersOf,
  type TakeLevel,
} from "./ledger-record.ts";

/** How long a wait may be overtaken by younger ones whose takes compete with it, in milliseconds. */
const patienceMs = 5_000;

/** What is asked for, and since when. */
export interface LedgerQuestion {
  readonly level: TakeLevel;
  readonly amounts: HostAmounts;
  readonly sinceMs: number;
}

/** All that an answer depends on. */
export interface LedgerState {
  /** The record of whoever asks, which may be among `all`. */
  readonly own: LedgerRecord;
  readonly all: readonly LedgerRecord[];
  readonly capacity: HostCapacity;
  readonly nowMs: number;
}

/**
 * Why something cannot be taken now: whom it has to wait for, and for what. Nothing when it can.
 *
 * Nobody waits in a circle:
 * - All of one level is taken at once, so nobody holds a part of it while waiting for the rest.
 * - A run is never in its own way, nor are runs in each other's of which one was started by the tests of the other. What
 *   it takes together counts as all there is where it is more.
 * - Layers that wait for each other's nodes are taken as one (see `layerGroups`). So what is taken for a layer is given
 *   back once its own nodes have run, whatever else its run waits for.
 * - What nodes take is given back when they end; a node takes nothing more while it runs.
 * - Nodes may have to wait for memory of other runs' layers, but a layer that has taken memory has none of its nodes ask
 *   for any: those wait for running nodes only.
 * - Whoever has waited long keeps younger ones from overtaking, but never nodes by a wait that something else than
 *   running nodes keeps up: a layer has been opened for them already, and is perhaps what is waited for.
 */
export function whyNot(question: LedgerQuestion, state: LedgerState): string | undefined {
  const others = strangersOf(state.own, state.all);
  if (others.length === 0) return undefined;
  return shortage(question.amounts, others, state) ?? elderInLine(question, others, state);
}

/** What of it others have. */
function shortage(
  { memoryBytes = 0, milliCpus = 0, mutexes = [], slots = [], isDedicated = false }: HostAmounts,
  others: readonly LedgerRecord[],
  { own, capacity }: LedgerState,
): string | undefined {
  const alone = others.find((other) => isAlone(other) && !(own.kind === "foreground" && other.kind === "background"));
  if (alone) return `the machine: ${describeParticipant(alone)} has it to itself`;
  const busy = isDedicated ? others.filter(({ isIdle }) => !isIdle) : [];
  if (busy.length > 0) return `the machine to itself: ${busy.map(describeParticipant).join(", ")} runs`;
  const had = sumOf(own.takes.map(({ amounts }) => amounts));
  return (
    sharedShortage({ what: "memory", of: (take) => take.memoryBytes ?? 0, show: formatSize }, others, {
      ...{ asked: memoryBytes, own: had.memoryBytes, capacity: capacity.memoryBytes },
    }) ??
    sharedShortage(
      { what: "CPUs", of: (take) => take.milliCpus ?? 0, show: (milli) => String(milli / 1_000) },
      others,
      {
        ...{ asked: milliCpus, own: had.milliCpus, capacity: capacity.milliCpus },
      },
    ) ??
    mutexes.map((name) => mutexShortage(name, others)).find((reason) => reason !== undefined) ??
    slots.map(({ name, of }) => slotShortage(name, of, others)).find((reason) => reason !== undefined)
  );
}

function isAlone({ takes }: LedgerRecord): boolean {
  return takes.some(({ amounts }) => amounts.isDedicated === true);
}

interface SharedAmount {
  readonly what: string;
  readonly of: (amounts: HostAmounts) => number;
  readonly show: (amount: number) => string;
}

function sharedShortage(
  { what, of, show }: SharedAmount,
  others: readonly LedgerRecord[],
  { asked, own, capacity }: { readonly asked: number; readonly own: number; readonly capacity: number },
): string | undefined {
  if (asked === 0) return undefined;
  const holders = others.flatMap((record) => {
    const held = record.takes.reduce((sum, { amounts }) => sum + of(amounts), 0);
    return held === 0 ? [] : [{ record, held: Math.min(held, capacity) }];
  });
  const taken = holders.reduce((sum, { held }) => sum + held, 0);
  if (taken === 0 || taken + Math.min(own + asked, capacity) <= capacity) return undefined;
  const [first, ...more] = holders;
  const who =
    first && more.length === 0
      ? `by ${describeParticipant(first.record)}`
      : holders.map(({ record, held }) => `${show(held)} by ${describeParticipant(record)}`).join(", ");
  return `${what}: ${show(taken)} of ${show(capacity)} are held ${who}`;
}

function mutexShortage(name: string, others: readonly LedgerRecord[]): string | undefined {
  const holder = others.find(({ takes }) => takes.some(({ amounts }) => amounts.mutexes?.includes(name)));
  return holder && `mutex ${name}: held by ${describeParticipant(holder)}`;
}

function slotShortage(name: string, of: number, others: readonly LedgerRecord[]): string | undefined {
  const holders = others.filter(({ takes }) =>
    takes.some(({ amounts }) => amounts.slots?.some((slot) => slot.name === name)),
  );
  if (holders.length < of) return undefined;
  return `${name}: ${holders.length} of ${of} held by ${holders.map(describeParticipant).join(", ")}`;
}

/** Who waits for the same with better right. */
function elderInLine(
  question: LedgerQuestion,
  others: readonly LedgerRecord[],
  state: LedgerState,
): string | undefined {
  const { own } = state;
  for (const other of others) {
    if (own.kind === "foreground" && other.kind === "background") continue;
    const isMoreUrgent = own.kind === "background" && other.kind === "foreground";
    for (const wait of other.waits) {
      if (!areRivals(wait.amounts, question.amounts)) continue;
      if (!isMoreUrgent && !hasWaitedLonger(other, wait, question, state)) continue;
      if (question.level === "node" && !isKeptUpByNodesAlone(other, wait, state)) continue;
      return `${wait.for} of ${describeParticipant(other)} has waited longer for the same`;
    }
  }
  return undefined;
}

function hasWaitedLonger(
  other: LedgerRecord,
  wait: LedgerWait,
  { sinceMs }: LedgerQuestion,
  { own, nowMs }: LedgerState,
): boolean {
  const isElder = wait.sinceMs < sinceMs || (wait.sinceMs === sinceMs && other.id < own.id);
  return isElder && nowMs - wait.sinceMs >= patienceMs;
}

function isKeptUpByNodesAlone(waiting: LedgerRecord, wait: LedgerWait, state: LedgerState): boolean {
  if (wait.level === "layer") return false;
  const layersOnly = state.all.map((record) => ({
    ...record,
    takes: record.takes.filter(({ level }) => level === "layer"),
  }));
  return shortage(wait.amounts, strangersOf(waiting, layersOnly), { ...state, own: waiting }) === undefined;
}
