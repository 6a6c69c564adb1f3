/** One result of a test that its history still has. */
export interface RecentResult {
  readonly run: number;
  /** When the run started, in milliseconds since 1970. */
  readonly atMs: number;
  readonly isPass: boolean;
  readonly durationMs: number;
  /** Tells states of the code and commands apart; empty where they are not known. */
  readonly inputs: string;
  /** It failed before it passed, within that run; in a {@link TestHistory}, any way of being flaky. */
  readonly isFlaky: boolean;
  /** First lines of the failure; only of those after the last pass. */
  readonly message?: string | undefined;
}

/** Results that are kept of each test. */
const mostRecentResults = 50;

type Packed = [
  run: number,
  atMs: number,
  isPass: 0 | 1,
  durationMs: number,
  inputs: string,
  isFlaky?: 0 | 1,
  /** 1 for the same as the one before. */
  message?: string | 1,
];

/** Writes results, oldest first, as short as JSON can be. */
export function packResults(results: readonly RecentResult[]): string {
  const lastPass = results.findLastIndex(({ isPass }) => isPass);
  let before: string | undefined;
  const packed = results.map(({ run, atMs, isPass, durationMs, inputs, isFlaky, message }, index): Packed => {
    const head = [run, atMs, isPass ? 1 : 0, Math.round(durationMs * 10) / 10, inputs] as const;
    if (index > lastPass && message !== undefined) {
      const isSame = message === before;
      before = message;
      return [...head, isFlaky ? 1 : 0, isSame ? 1 : message];
    }
    return isFlaky ? [...head, 1] : [...head];
  });
  return JSON.stringify(packed);
}

/** The inverse of {@link packResults}. */
export function unpackResults(text: string): RecentResult[] {
  let before: string | undefined;
  return (JSON.parse(text) as Packed[]).map(([run, atMs, isPass, durationMs, inputs, isFlaky, message]) => {
    if (typeof message === "string") before = message;
    return {
      run,
      atMs,
      isPass: isPass === 1,
      durationMs,
      inputs,
      isFlaky: isFlaky === 1,
      ...(message === undefined ? {} : { message: before }),
    };
  });
}

/** The results with one more, in the order of time, without the oldest beyond the limit. */
export function addResult(results: readonly RecentResult[], result: RecentResult): RecentResult[] {
  const next = [...results, result];
  // An imported run may be older than those that are known.
  if ((results.at(-1)?.atMs ?? 0) > result.atMs) next.sort((left, right) => left.atMs - right.atMs);
  return next.slice(-mostRecentResults);
}

/** What results amount to. */
export interface ResultStats {
  /** Median of the passes, in milliseconds; of all where none passed. */
  readonly p50Ms: number;
  /** 95th percentile, nearest rank. */
  readonly p95Ms: number;
  /** Times at which it was seen to be flaky. */
  readonly flakyCount: number;
  /** When it was flaky last, in milliseconds since 1970. */
  readonly flakyMs: number | undefined;
}

/**
 * Adds results up. A test is flaky where it failed before it passed within one run, and where it failed with inputs (code,
 * command, environment) with which it passed, too. Failing with other code is no flakiness.
 */
export function statsOf(results: readonly RecentResult[]): ResultStats {
  const passes = results.filter(({ isPass }) => isPass);
  const durations = (passes.length > 0 ? passes : results).map(({ durationMs }) => durationMs);
  durations.sort((left, right) => left - right);
  const flaky = flakyResults(results);
  let flakyMs: number | undefined;
  for (const { atMs } of flaky) flakyMs = Math.max(flakyMs ?? 0, atMs);
  return {
    p50Ms: nearestRank(durations, 0.5),
    p95Ms: nearestRank(durations, 0.95),
    flakyCount: flaky.size,
    flakyMs,
  };
}

/** Those of the results at which the test was flaky. */
export function flakyResults<Result extends Pick<RecentResult, "isPass" | "isFlaky" | "inputs">>(
  results: readonly Result[],
): ReadonlySet<Result> {
  const passedWith = new Set(results.flatMap(({ isPass, inputs }) => (isPass && inputs !== "" ? [inputs] : [])));
  return new Set(results.filter(({ isPass, isFlaky, inputs }) => isFlaky || (!isPass && passedWith.has(inputs))));
}

/** The value below which `part` (0 to 1) of the sorted values lie, itself one of them; 0 for none. */
export function nearestRank(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}
