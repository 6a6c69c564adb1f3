import type { LayerId, NodeEvidence, NodeId, Outcome, RunEventOf, TestCounts, TestResult } from "@netra-apex/core";

/** The counts of what has no tests. */
export const noCounts: TestCounts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };

/** Failed (and flaky) tests that are kept of each node; the counts tell how many there were. */
export const keptTestsPerNode = 100;

/** Characters of a failure's message that are kept. */
const keptMessageChars = 4_000;

/** Characters of a running node's output that are kept. */
const keptOutputChars = 4_000;

/** What is kept of a failed or flaky test. */
export type KeptTest = Pick<TestResult, "name" | "suites" | "file" | "line" | "message">;

/** A test among those that took the longest. */
export type TimedTest = Pick<TestResult, "name" | "suites" | "file" | "line" | "durationMs">;

/** Slowest tests that are kept of each node. */
export const keptSlowTests = 10;

/** An attempt that was followed by another one. */
export interface EarlierAttempt {
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly failedTests: readonly KeptTest[];
  /** Known once the node has ended. */
  readonly evidence?: NodeEvidence;
}

/** What is known of a node while it runs and afterwards. */
interface SeenNode {
  readonly id: NodeId;
  readonly layerId: LayerId;
  /** Of the latest attempt. */
  readonly counts: TestCounts;
  /** Of the latest attempt, at most {@link keptTestsPerNode}. */
  readonly failedTests: readonly KeptTest[];
  readonly flakyTests: readonly KeptTest[];
  readonly earlierAttempts: readonly EarlierAttempt[];
  /** Of all attempts, the slowest first; at most {@link keptSlowTests}. */
  readonly slowestTests: readonly TimedTest[];
  /** What all its tests took together, in milliseconds. */
  readonly testsMs: number;
  /** The end of what the node's process wrote, raw; empty once it passed. */
  readonly outputTail: string;
}

/** A node that runs, as a screen shows it. */
export interface RunningNode extends SeenNode {
  /** The time of `node_started`, in milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly attempt: number;
  /** Waits before its next attempt. */
  readonly isBackingOff: boolean;
  /** What its processes take, as it was last seen; absent before they were looked at. */
  readonly usage?: NodeUsage;
}

/** What the processes of a node take together. */
export interface NodeUsage {
  /** 100 is one CPU. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** A node that has ended, as a screen shows it. */
export interface FinishedNode extends SeenNode {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly attempts: number;
  readonly flaky: boolean;
  readonly evidence?: NodeEvidence;
}

/** A node as it is before its first event. */
export function newNode(id: NodeId, layerId: LayerId, startedAtMs: number): RunningNode {
  return {
    id,
    layerId,
    startedAtMs,
    attempt: 1,
    isBackingOff: false,
    counts: noCounts,
    failedTests: [],
    flakyTests: [],
    earlierAttempts: [],
    slowestTests: [],
    testsMs: 0,
    outputTail: "",
  };
}

export function withAttempt(node: RunningNode, attempt: number): RunningNode {
  return attempt === node.attempt && !node.isBackingOff ? node : { ...node, attempt, isBackingOff: false };
}

export function withTest(node: RunningNode, test: TestResult): RunningNode {
  const hasFailed = test.status === "failed" || test.status === "errored";
  return {
    ...node,
    counts: withCounted(node.counts, test),
    slowestTests: keepSlowest(node.slowestTests, test),
    testsMs: node.testsMs + test.durationMs,
    failedTests: hasFailed ? keep(node.failedTests, test) : node.failedTests,
    flakyTests: test.flaky && !hasFailed ? keep(node.flakyTests, test) : node.flakyTests,
  };
}

export function withOutput(node: RunningNode, text: string): RunningNode {
  return { ...node, outputTail: (node.outputTail + text).slice(-keptOutputChars) };
}

export function withUsage(node: RunningNode, { cpuPercent, memoryBytes }: RunEventOf<"process_sampled">): RunningNode {
  return { ...node, usage: { cpuPercent, memoryBytes } };
}

/** The attempt ended and another one follows, which counts from zero. */
export function withRetry(
  { usage: _past, ...node }: RunningNode,
  { attempt, outcome }: RunEventOf<"node_retrying">,
): RunningNode {
  const earlier: EarlierAttempt = { attempt, outcome, failedTests: node.failedTests };
  return {
    ...node,
    attempt: attempt + 1,
    isBackingOff: true,
    counts: noCounts,
    failedTests: [],
    flakyTests: [],
    earlierAttempts: [...node.earlierAttempts, earlier],
  };
}

export function finishNode(node: RunningNode, event: RunEventOf<"node_completed">): FinishedNode {
  const { outcome, durationMs, attempts, attemptRecords = [], counts, flaky, evidence } = event;
  const { id, layerId, failedTests, flakyTests, slowestTests, testsMs } = node;
  const earlierAttempts = node.earlierAttempts.map((earlier) => {
    const record = attemptRecords.find(({ attempt }) => attempt === earlier.attempt);
    return record?.evidence ? { ...earlier, evidence: record.evidence } : earlier;
  });
  return {
    id,
    layerId,
    outcome,
    durationMs,
    attempts,
    counts,
    flaky,
    failedTests,
    flakyTests,
    earlierAttempts,
    slowestTests,
    testsMs,
    outputTail: outcome.status === "passed" ? "" : node.outputTail,
    ...(evidence && { evidence }),
  };
}

/** Two counts together. */
export function sumOf(left: TestCounts, right: TestCounts): TestCounts {
  return {
    total: left.total + right.total,
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
    flaky: left.flaky + right.flaky,
  };
}

/** As core counts; said once more, for a page in a browser takes this file and nothing of core's. */
function withCounted(counts: TestCounts, { status, flaky }: TestResult): TestCounts {
  const isFailure = status === "failed" || status === "errored";
  return {
    total: counts.total + 1,
    passed: counts.passed + (status === "passed" ? 1 : 0),
    failed: counts.failed + (isFailure ? 1 : 0),
    skipped: counts.skipped + (status === "skipped" || status === "todo" ? 1 : 0),
    flaky: counts.flaky + (flaky ? 1 : 0),
  };
}

function keepSlowest(
  kept: readonly TimedTest[],
  { name, suites, file, line, durationMs }: TestResult,
): readonly TimedTest[] {
  if (kept.length >= keptSlowTests && durationMs <= (kept.at(-1)?.durationMs ?? 0)) return kept;
  const test = { name, suites, durationMs, ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
  return [...kept, test].sort((left, right) => right.durationMs - left.durationMs).slice(0, keptSlowTests);
}

function keep(kept: readonly KeptTest[], { name, suites, file, line, message }: TestResult): readonly KeptTest[] {
  if (kept.length >= keptTestsPerNode) return kept;
  const test: KeptTest = {
    name,
    suites,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(message !== undefined && { message: message.slice(0, keptMessageChars) }),
  };
  return [...kept, test];
}
