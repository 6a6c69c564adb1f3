/** Fires when nobody reads stdout any more (`apex bg logs -f | head`), or somebody interrupts; `release` stops listening. */
export function listenForEnd(): { readonly signal: AbortSignal; release(): void } {
  const end = new AbortController();
  const onEnd = (): void => end.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, onEnd);
  process.stdout.once("error", onEnd).once("close", onEnd);
  return {
    signal: end.signal,
    release() {
      for (const signal of signals) process.off(signal, onEnd);
      process.stdout.off("error", onEnd).off("close", onEnd);
    },
  };
}
