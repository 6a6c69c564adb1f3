import type { AskLimits } from "../instance.ts";

/** What a promise comes to, or `late` at the deadline. Rejects as the promise does, or with the signal's reason. */
export async function within<Value>(
  promise: Promise<Value>,
  { deadlineMs, signal }: AskLimits,
): Promise<Value | "late"> {
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<"late">((resolve, reject) => {
        timer = setTimeout(() => resolve("late"), deadlineMs);
        onAbort = () => reject(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
      }),
    ]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
