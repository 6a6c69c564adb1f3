/** Takes what has to be disposed of when the test ends, and gives it back. */
export type Use = <Resource extends Disposable | AsyncDisposable>(resource: Resource) => Resource;

/** A test that disposes of what it used when it ends, the last thing first: what `await using` does, on Node 22 as well. */
export function disposing(test: (use: Use) => Promise<void>): () => Promise<void> {
  return async () => {
    const used: (Disposable | AsyncDisposable)[] = [];
    try {
      await test((resource) => {
        used.push(resource);
        return resource;
      });
    } finally {
      await disposeOf(used);
    }
  };
}

/** Disposes of everything, the last thing first. */
async function disposeOf(used: readonly (Disposable | AsyncDisposable)[]): Promise<void> {
  for (const resource of used.toReversed()) {
    if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
    else resource[Symbol.dispose]();
  }
}
