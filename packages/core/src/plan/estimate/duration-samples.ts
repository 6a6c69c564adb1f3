import { seededRandom } from "./seeded-random.ts";

/**
 * Durations of a node for each simulated run, drawn from those that were seen. They are spread evenly over what was seen
 * (Latin hypercube sampling: McKay, Beckman and Conover 1979), so that few runs keep each node's own distribution, and
 * shuffled, so that the nodes' good and bad days do not go together.
 */
export class DurationSamples {
  readonly #random: () => number;
  readonly #count: number;

  constructor(count: number, seed: number) {
    this.#count = count;
    this.#random = seededRandom(seed);
  }

  /** `sorted` ascends and is not empty. */
  of(sorted: readonly number[]): Float64Array {
    const count = this.#count;
    const samples = new Float64Array(count);
    for (let index = 0; index < count; index += 1) {
      samples[index] = sorted[Math.floor(((index + 0.5) / count) * sorted.length)] as number;
    }
    for (let last = count - 1; last > 0; last -= 1) {
      const other = Math.floor(this.#random() * (last + 1));
      const kept = samples[last] as number;
      samples[last] = samples[other] as number;
      samples[other] = kept;
    }
    return samples;
  }
}
