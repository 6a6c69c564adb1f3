import type { PlanNode } from "../plan/plan.ts";
import type { Resources } from "../layers/node-rules.ts";

/** What a node must hold to run, beside a slot. */
export interface Demand {
  readonly memoryBytes: number;
  readonly milliCpus: number;
  readonly mutexes: readonly string[];
  readonly isExclusive: boolean;
}

/** What a node asks for. CPUs are counted in thousandths, so that sums are exact. */
export function demandOf({ reserves, mutexes, exclusive }: PlanNode): Demand {
  return {
    memoryBytes: reserves?.memoryBytes ?? 0,
    milliCpus: Math.round((reserves?.cpus ?? 0) * 1000),
    mutexes: mutexes ? [...new Set(mutexes)].toSorted() : [],
    isExclusive: exclusive,
  };
}

/** Equal for demands that are interchangeable: where one does not fit, neither does the other. */
export function demandKey({ memoryBytes, milliCpus, mutexes, isExclusive }: Demand): string {
  return JSON.stringify([memoryBytes, milliCpus, isExclusive, ...mutexes]);
}

/** Whether it asks for nothing that others could have. */
export function isModest({ memoryBytes, milliCpus, mutexes }: Demand): boolean {
  return memoryBytes === 0 && milliCpus === 0 && mutexes.length === 0;
}

/** Whether what one takes could be what the other waits for. */
export function compete(left: Demand, right: Demand): boolean {
  return (
    (left.memoryBytes > 0 && right.memoryBytes > 0) ||
    (left.milliCpus > 0 && right.milliCpus > 0) ||
    left.mutexes.some((mutex) => right.mutexes.includes(mutex))
  );
}

/**
 * What is taken of a capacity. All of a demand is taken at once or not at all, so nobody holds one thing while it waits
 * for another. A demand larger than the capacity counts as all of it, so that it runs alone rather than never.
 */
export class ResourceLedger {
  readonly #memoryBytes: number;
  readonly #milliCpus: number;
  readonly #mutexes = new Set<string>();
  #memoryTaken = 0;
  #milliCpusTaken = 0;

  /** What is absent in the capacity is unlimited. */
  constructor({ memoryBytes = Number.POSITIVE_INFINITY, cpus = Number.POSITIVE_INFINITY }: Resources = {}) {
    this.#memoryBytes = memoryBytes;
    this.#milliCpus = cpus * 1000;
  }

  fits(demand: Demand): boolean {
    return (
      this.#memoryTaken + this.#memoryOf(demand) <= this.#memoryBytes &&
      this.#milliCpusTaken + this.#milliCpusOf(demand) <= this.#milliCpus &&
      !demand.mutexes.some((mutex) => this.#mutexes.has(mutex))
    );
  }

  take(demand: Demand): void {
    this.#memoryTaken += this.#memoryOf(demand);
    this.#milliCpusTaken += this.#milliCpusOf(demand);
    for (const mutex of demand.mutexes) this.#mutexes.add(mutex);
  }

  release(demand: Demand): void {
    this.#memoryTaken -= this.#memoryOf(demand);
    this.#milliCpusTaken -= this.#milliCpusOf(demand);
    for (const mutex of demand.mutexes) this.#mutexes.delete(mutex);
  }

  #memoryOf(demand: Demand): number {
    return Math.min(demand.memoryBytes, this.#memoryBytes);
  }

  #milliCpusOf(demand: Demand): number {
    return Math.min(demand.milliCpus, this.#milliCpus);
  }
}
