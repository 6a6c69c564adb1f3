import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HostAmounts, namedFor } from "../../src/ledger/host-amounts.ts";
import type { LedgerRecord, LedgerTake, LedgerWait, TakeLevel } from "../../src/ledger/ledger-record.ts";
import { whyNot } from "../../src/ledger/ledger-rules.ts";

const capacity = { memoryBytes: 10, milliCpus: 4_000 };

/** A run: its layers one after another, each with what it takes as one, and its nodes side by side with what they take. */
const layers = fc.record({
  memoryBytes: fc.option(fc.integer({ min: 1, max: 14 }), { nil: undefined }),
  slots: fc.subarray(["host:db", "host:cache"]),
  isDedicated: fc.nat({ max: 7 }).map((value) => value === 0),
  nodes: fc.array(
    fc.record({
      memoryBytes: fc.nat({ max: 12 }),
      milliCpus: fc.constantFrom(0, 0, 1_000, 2_500, 6_000),
      mutexes: fc.subarray(["host:a", "host:b"]),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});
const cases = fc.record({
  runs: fc.array(
    fc.record({
      kind: fc.constantFrom("foreground" as const, "background" as const),
      layers: fc.array(layers, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
  choices: fc.infiniteStream(fc.nat()),
});
type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

/** One run as a state machine: every step that it could do is one of `steps`, of which some are only tries. */
class SimulatedRun {
  readonly #layers: Case["runs"][number]["layers"];
  readonly #waits = new Map<number, LedgerWait>();
  readonly #takes = new Map<number, LedgerTake>();
  #layer = 0;
  #isOpen = false;
  #pending: number[] = [];
  #running: number[] = [];
  readonly #identity: Pick<LedgerRecord, "id" | "kind" | "name" | "process" | "sinceMs">;

  constructor({ kind, layers: all }: Case["runs"][number], index: number) {
    this.#layers = all;
    const name = `run ${index}`;
    this.#identity = { id: name, kind, name, process: { pid: index, place: "here" }, sinceMs: index };
  }

  get isOver(): boolean {
    return this.#layer >= this.#layers.length;
  }

  get record(): LedgerRecord {
    const isIdle = this.#waits.size > 0 && !this.#isOpen;
    return { ...this.#identity, isIdle, takes: [...this.#takes.values()], waits: [...this.#waits.values()] };
  }

  /** Ways to go on; each returns whether anything came of it. */
  steps(state: () => readonly LedgerRecord[], now: () => number): (() => boolean)[] {
    const layer = this.#layers[this.#layer];
    if (!layer) return [];
    const { memoryBytes, slots, isDedicated, nodes } = layer;
    const own: HostAmounts = {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      slots: slots.map((name) => ({ name, of: 1 })),
      isDedicated,
    };
    if (!this.#isOpen) {
      return [
        () => {
          if (!this.#tryTake({ id: -1, level: "layer", amounts: own }, state(), now())) return false;
          this.#isOpen = true;
          this.#pending = [...nodes.keys()];
          return true;
        },
      ];
    }
    const starts = this.#pending.map((index) => () => {
      const { memoryBytes: wanted = 0, ...rest } = nodes[index] ?? {};
      const amounts = { ...rest, memoryBytes: memoryBytes === undefined ? wanted : 0 };
      if (!this.#tryTake({ id: index, level: "node", amounts }, state(), now())) return false;
      this.#pending = this.#pending.filter((other) => other !== index);
      this.#running.push(index);
      return true;
    });
    const ends = this.#running.map((index) => () => {
      this.#takes.delete(index);
      this.#running = this.#running.filter((other) => other !== index);
      if (this.#pending.length === 0 && this.#running.length === 0) {
        this.#takes.delete(-1);
        this.#isOpen = false;
        this.#layer += 1;
      }
      return true;
    });
    return [...starts, ...ends];
  }

  #tryTake(
    { id, level, amounts }: { id: number; level: TakeLevel; amounts: HostAmounts },
    all: readonly LedgerRecord[],
    nowMs: number,
  ): boolean {
    const sinceMs = this.#waits.get(id)?.sinceMs ?? nowMs;
    const named = namedFor("/project", amounts);
    const reason = whyNot({ level, amounts: named, sinceMs }, { own: this.record, all, capacity, nowMs });
    const take: LedgerTake = { id, for: `${id}`, level, amounts: named };
    if (reason === undefined) {
      this.#waits.delete(id);
      this.#takes.set(id, take);
    } else {
      this.#waits.set(id, { ...take, sinceMs, reason });
    }
    return reason === undefined;
  }
}

/** Lets all runs go on in any order; calls `inspect` after each step. Returns the runs that did not come to their end. */
function simulate({ runs, choices }: Case, inspect: (records: readonly LedgerRecord[]) => void): number {
  const all = runs.map((run, index) => new SimulatedRun(run, index));
  const present = (): SimulatedRun[] => all.filter((run) => !run.isOver);
  const records = (): LedgerRecord[] => present().map(({ record }) => record);
  const chosen = choices[Symbol.iterator]();
  let nowMs = 1_000;
  let inVain = 0;
  while (present().length > 0) {
    const steps = present().flatMap((run) => run.steps(records, () => nowMs));
    // When chance has not found a way for long, every one is tried: if none goes on, none ever will.
    const order = inVain > 30 ? steps : [steps[(chosen.next().value ?? 0) % steps.length]];
    const isDone = order.some((step) => step?.() === true);
    if (!isDone && inVain > 100) return present().length;
    inVain = isDone ? 0 : inVain + 1;
    nowMs += 700;
    inspect(records());
  }
  return 0;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("the rules of the ledger, for any runs", () => {
  it("bring every run to its end: nobody waits in a circle, and nobody for ever", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        expect(simulate(sample, () => undefined)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it("never give out more than there is", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        simulate(sample, (records) => {
          const had = (of: (amounts: HostAmounts) => number, most: number): number =>
            sum(records.map(({ takes }) => Math.min(most, sum(takes.map(({ amounts }) => of(amounts))))));
          const { memoryBytes, milliCpus } = capacity;
          expect(had((amounts) => amounts.memoryBytes ?? 0, memoryBytes)).toBeLessThanOrEqual(memoryBytes);
          expect(had((amounts) => amounts.milliCpus ?? 0, milliCpus)).toBeLessThanOrEqual(milliCpus);
          for (const name of ["host:a", "host:b", "host:db", "host:cache"]) {
            const holders = records.filter(({ takes }) =>
              takes.some(({ amounts: { mutexes = [], slots = [] } }) =>
                [...mutexes, ...slots.map((slot) => slot.name)].includes(name),
              ),
            );
            expect(holders.length).toBeLessThanOrEqual(1);
          }
          // People do not wait for what the background has to itself.
          const alone = records.filter(({ takes }) => takes.some(({ amounts }) => amounts.isDedicated));
          const beside = records.filter(({ id, kind, isIdle }) =>
            alone.some((one) => one.id !== id && !isIdle && (one.kind === "foreground" || kind === "background")),
          );
          expect(beside).toEqual([]);
        });
      }),
      { numRuns: 100 },
    );
  });
});
