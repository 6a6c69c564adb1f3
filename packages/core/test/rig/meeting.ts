/** A point that `count` callers must have come to before any of them goes on: proof that they are there at once. */
export function meetingOf(count: number): () => Promise<void> {
  let missing = count;
  let open: (() => void) | undefined;
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    missing -= 1;
    if (missing === 0) open?.();
    return all;
  };
}
