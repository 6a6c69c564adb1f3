import { setTimeout } from "node:timers/promises";
import { describeThrown } from "@netra-apex/core";
import type { Notice } from "./notify-finished.ts";

/** An answer that another try cannot change. */
class FinalAnswerError extends Error {}

/**
 * Posts the result to an address. What cannot be reached, does not answer or fails itself (5xx, 429) is tried once more. A redirect is not
 * followed: what is posted must not end up where nobody has sent it. The answer's content is not read. Rejects when it did not work,
 * without the address, which may hold a secret.
 */
export async function notifyByWebhook(address: string, notice: Notice): Promise<void> {
  try {
    await post(address, notice);
  } catch (error) {
    if (error instanceof FinalAnswerError || notice.signal?.aborted) throw error;
    await setTimeout(notice.retryDelayMs, undefined, notice.signal ? { signal: notice.signal } : {});
    await post(address, notice);
  }
}

async function post(address: string, { result, deadlineMs, signal, task }: Notice): Promise<void> {
  const { origin } = new URL(address);
  const deadline = AbortSignal.timeout(deadlineMs);
  const response = await fetch(address, {
    method: "POST",
    body: result,
    headers: { "content-type": "application/json", "user-agent": "netra-apex", "idempotency-key": task.id },
    redirect: "manual",
    signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
  }).catch((error: unknown) => {
    if (deadline.aborted) throw new Error(`${origin} did not answer within ${deadlineMs / 1_000} s`, { cause: error });
    const cause = error instanceof Error ? error.cause : undefined;
    throw new Error(`${origin} cannot be reached: ${describeThrown(cause ?? error)}`, { cause: error });
  });
  await response.body?.cancel();
  if (response.ok) return;
  if (response.status >= 300 && response.status < 400) {
    const message = `${origin} answered with a redirect (${response.status}), which is not followed; put the final address into the config`;
    throw new FinalAnswerError(message);
  }
  const message = `${origin} answered ${response.status}`;
  throw response.status >= 500 || response.status === 429 ? new Error(message) : new FinalAnswerError(message);
}
