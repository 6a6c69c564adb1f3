/** A binary heap of node indexes: the one that `isBefore` prefers comes out first. */
export class ReadyQueue {
  readonly #heap: number[] = [];
  readonly #isBefore: (left: number, right: number) => boolean;

  constructor(isBefore: (left: number, right: number) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The next node without taking it. */
  peek(): number | undefined {
    return this.#heap[0];
  }

  push(index: number): void {
    const heap = this.#heap;
    let position = heap.length;
    heap.push(index);
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#isBefore(index, heap[parent] as number)) break;
      heap[position] = heap[parent] as number;
      position = parent;
    }
    heap[position] = index;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1] as number, heap[child] as number)) child += 1;
      if (!this.#isBefore(heap[child] as number, last)) break;
      heap[position] = heap[child] as number;
      position = child;
    }
    heap[position] = last;
    return first;
  }
}
