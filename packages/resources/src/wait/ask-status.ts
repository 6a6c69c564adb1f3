import type { AskLimits, InstanceStatus } from "../instance.ts";

/** Asks for a status; who does not tell it in time, or at all, is `unreachable`. */
export async function askStatus(
  status: (limits: AskLimits) => Promise<InstanceStatus>,
  { deadlineMs, signal }: AskLimits,
): Promise<InstanceStatus> {
  let onLate = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<InstanceStatus>((resolve, reject) => {
      onLate = () => resolve({ state: "unreachable", reason: `no answer within ${Math.round(deadlineMs) / 1_000} s` });
      timer = setTimeout(onLate, deadlineMs);
      signal.addEventListener("abort", onLate, { once: true });
      status({ deadlineMs, signal }).then(resolve, reject);
    });
  } catch (error) {
    return { state: "unreachable", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onLate);
  }
}
