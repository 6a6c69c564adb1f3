import {
  type AuthenticityRules,
  outputPattern,
  type Suspicion,
  type TestCounts,
  type TestResult,
} from "@netra-apex/core";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import { findOutput, type FoundOutput } from "./find-output.ts";

/** What a green result is held against. */
export interface AuthenticityInput {
  readonly rules: AuthenticityRules;
  readonly tests: readonly TestResult[];
  readonly counts: TestCounts;
  readonly report: Pick<TestReport, "collected"> | undefined;
  /** How many tests there were when the category passed last; absent where that is not known or another selection ran. */
  readonly lastPass?: number | undefined;
  /** Of the command, in milliseconds. */
  readonly durationMs: number;
  readonly logFile: string;
  /** Ends the search in the output. */
  readonly signal?: AbortSignal;
}

/** What tests say when they do not talk to the real thing. Case does not matter. */
const mockPhrases = [
  /falling back to (?:an? |the )?mock/iu,
  /\bus(?:ing|es?) (?:an? |the )?mock/iu,
  /\bfall ?back to (?:an? |the )?mock/iu,
  /\bmock (?:fallback|mode)\b/iu,
];

/** What build tools and frameworks say when they replay an earlier result instead of running anything. */
const cachePhrases = [
  /\bcache hit, replaying\b/u,
  />>> FULL TURBO/u,
  /\[(?:local|remote) cache\]/u,
  /^ok\s.*\(cached\)/u,
  /existing outputs match the cache/u,
];

/** A duration that is written as 0.00 s. */
const noTimeMs = 5;

/**
 * The signs that a green result proves less than it seems. One that the config forbids outright always decides; the others
 * decide where something real was asked for, and are told where the category says that it proves more than mocks.
 */
export async function findSuspicions(input: AuthenticityInput): Promise<readonly Suspicion[]> {
  const { rules } = input;
  const isLookedAt = rules.isStrict || (rules.evidence !== undefined && rules.evidence !== "mocked");
  const [forbidden, mocks, cached] = await findOutput(
    input.logFile,
    [rules.forbidOutput.map((text) => outputPattern(text)), ...(isLookedAt ? [mockPhrases, cachePhrases] : [])],
    input.signal,
  );
  const isDecisive = rules.isStrict;
  const found = [
    tooFast(input),
    collectedNotReported(input),
    fewerTests(input),
    isLookedAt ? noDuration(input) : undefined,
    isLookedAt ? uncounted(input) : undefined,
    forbidden && { signal: "forbidden-output", message: saidOutput(forbidden), isDecisive: true },
    mocks && { signal: "forbidden-output", message: saidOutput(mocks), isDecisive },
    cached && { signal: "cached", message: `an earlier result was replayed: ${quote(cached)}`, isDecisive },
  ] satisfies (Suspicion | undefined)[];
  return found.filter((suspicion) => suspicion !== undefined);
}

function tooFast({ rules, durationMs }: AuthenticityInput): Suspicion | undefined {
  const { minDurationMs } = rules;
  if (minDurationMs === undefined || durationMs >= minDurationMs) return undefined;
  const message = `took ${seconds(durationMs)}, less than its min_duration_seconds (${seconds(minDurationMs)})`;
  return { signal: "too-fast", message, isDecisive: true };
}

function noDuration({ rules, tests }: AuthenticityInput): Suspicion | undefined {
  const ran = tests.filter(({ status }) => status === "passed");
  const longestMs = ran.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0);
  if (ran.length === 0 || longestMs >= noTimeMs) return undefined;
  const message =
    ran.length === 1
      ? `its only test took 0.00 s (${longestMs.toFixed(1)} ms)`
      : `all ${ran.length} tests took 0.00 s (at most ${longestMs.toFixed(1)} ms)`;
  return { signal: "no-duration", message, isDecisive: rules.isStrict };
}

/** Only told: many commands are known by their exit code alone, and may be real all the same. */
function uncounted({ report }: AuthenticityInput): Suspicion | undefined {
  if (report) return undefined;
  const message = "its exit code alone says that it passed: no test was counted";
  return { signal: "uncounted", message, isDecisive: false };
}

function collectedNotReported({ report, counts }: AuthenticityInput): Suspicion | undefined {
  const collected = report?.collected;
  if (collected === undefined || collected <= counts.total) return undefined;
  const message = `${collected} tests were collected and ${counts.total} reported`;
  return { signal: "collected-not-reported", message, isDecisive: true };
}

/** Only told: nobody can say yet that a test was taken out on purpose. */
function fewerTests({ counts, lastPass = 0 }: AuthenticityInput): Suspicion | undefined {
  if (counts.total >= lastPass) return undefined;
  const message = `${counts.total} ${counts.total === 1 ? "test" : "tests"}, and ${lastPass} when it passed last`;
  return { signal: "fewer-tests", message, isDecisive: false };
}

function saidOutput(found: FoundOutput): string {
  return `the output says what it must not: ${quote(found)}`;
}

function quote({ line, lines }: FoundOutput): string {
  return `"${line}" (${lines === 1 ? "one line" : `${lines} lines`})`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
