import { notReady, type NotReady, type Probe, type ProbeResult, ready } from "./probe.ts";

/** Ready when all are; the looks are taken together, and all reasons told. */
export function allOf(probes: readonly Probe[]): Probe {
  return async (limits) => {
    const results = await Promise.all(probes.map((probe) => probe(limits)));
    const [first, ...others] = results.filter((result) => !result.isReady);
    if (first) return notReady(first.problem, details([first, ...others]));
    return ready(
      results.flatMap((result) => (result.isReady && result.version !== undefined ? [result.version] : []))[0],
    );
  };
}

/** Ready when one is, which ends the looks at the others. */
export function anyOf(probes: readonly Probe[]): Probe {
  return async ({ deadlineMs, signal }) => {
    const over = new AbortController();
    const stop = (): void => over.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const looks = probes.map(async (probe) => {
      const result = await probe({ deadlineMs, signal: over.signal });
      return result.isReady ? result : Promise.reject(new NotReadyReason(result));
    });
    try {
      return await Promise.any(looks);
    } catch (error) {
      return joined(error);
    } finally {
      stop();
      signal.removeEventListener("abort", stop);
      await Promise.allSettled(looks);
    }
  };
}

/** Carries a result through a promise that waits for the first good one. */
class NotReadyReason extends Error {
  readonly result: NotReady;

  constructor(result: NotReady) {
    super(result.detail);
    this.result = result;
  }
}

function joined(error: unknown): ProbeResult {
  const reasons = error instanceof AggregateError ? error.errors.filter((one) => one instanceof NotReadyReason) : [];
  const results = reasons.map(({ result }) => result);
  return notReady(results[0]?.problem ?? "cannot-look", `none of ${results.length} ways: ${details(results)}`);
}

function details(results: readonly NotReady[]): string {
  return [...new Set(results.map(({ detail }) => detail))].join("; ");
}
