interface Waiting<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/** Items between a socket, which cannot be told to wait, and consumers that take them when they like. */
export class ItemQueue<Item> {
  #items: { readonly item: Item; readonly weight: number }[] = [];
  #head = 0;
  #weight = 0;
  #end: { readonly error: Error | undefined } | undefined;
  readonly #waiting: Waiting<Item>[] = [];

  /** Items that wait for a consumer. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Of all items that wait, in the unit of those who push. */
  get weight(): number {
    return this.#weight;
  }

  push(item: Item, weight: number): void {
    if (this.#end) return;
    this.#items.push({ item, weight });
    this.#weight += weight;
  }

  /** Hands items to consumers that wait; called apart from `push`, so that many pushes are one batch. */
  serve(onTaken: (item: Item) => void): void {
    while (this.#waiting.length > 0 && this.length > 0) {
      const item = this.#take();
      onTaken(item);
      this.#waiting.shift()?.resolve({ done: false, value: item });
    }
  }

  /** The next item, now or once it is there. After the end: the error, once, then nothing more. */
  next(onTaken: (item: Item) => void): Promise<IteratorResult<Item, undefined>> {
    const result = new Promise<IteratorResult<Item, undefined>>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.serve(onTaken);
    if (this.#end) this.#settle();
    return result;
  }

  /** Nothing more comes. What waits is still handed out, then the error is thrown. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#settle();
  }

  /** Nothing more is wanted. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#weight = 0;
  }

  #take(): Item {
    const entry = this.#items[this.#head];
    if (!entry) throw new RangeError("nothing waits");
    this.#head += 1;
    this.#weight -= entry.weight;
    // Moved rarely, so that taking one is not moving all.
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return entry.item;
  }

  #settle(): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      const error = this.#end?.error;
      this.#end = { error: undefined };
      if (error) reject(error);
      else resolve({ done: true, value: undefined });
    }
  }
}
