import type { ServiceInstance } from "../instance.ts";

/** Stops an instance; at once, as soon as `killNow` says so. Rejects with a `ServiceError` that says what is left. */
export async function stopInstance(instance: ServiceInstance, killNow: AbortSignal | undefined): Promise<void> {
  const kill = (): void => void instance.kill?.();
  if (killNow?.aborted) kill();
  else killNow?.addEventListener("abort", kill, { once: true });
  try {
    await instance.stop();
  } finally {
    killNow?.removeEventListener("abort", kill);
  }
}
