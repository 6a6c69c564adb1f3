import type { Clock } from "@netra-apex/core";

/**
 * Calls `onTick` every `intervalMs` until the returned function is called.
 *
 * What `onTick` throws ends the ticking and goes to `onFault`: out of a timer it would end the whole process.
 */
export function startTicker(
  clock: Clock,
  intervalMs: number,
  { onTick, onFault }: { readonly onTick: () => void; readonly onFault: (thrown: unknown) => void },
): () => void {
  let cancel = (): void => {};
  let isStopped = false;
  const arm = (): void => {
    cancel = clock.schedule(intervalMs, () => {
      try {
        onTick();
      } catch (thrown) {
        isStopped = true;
        onFault(thrown);
      }
      if (!isStopped) arm();
    });
  };
  arm();
  return () => {
    isStopped = true;
    cancel();
  };
}
