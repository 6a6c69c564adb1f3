import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  countTests,
  formatDuration,
  type LimitRequest,
  type Outcome,
  type TestCounts,
  type TestResult,
  type TestSelector,
} from "@netra-apex/core";
import { chooseAdapter } from "./adapters/adapter-registry.ts";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import { followReport } from "./follow-report.ts";
import { type ProcessExit, runProcess, type RunProcessOptions } from "./process/run-process.ts";
import { withoutUnselected } from "./selected-tests.ts";
import { decideVerdict } from "./verdict.ts";

/** A test command, and how it is run. */
export interface RunTestsOptions extends Pick<RunProcessOptions, "env" | "graceMs" | "isolation" | "mask" | "guard"> {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** The current directory by default. */
  readonly cwd?: string;
  /** Adapter that reads the results; guessed from the command when absent. */
  readonly framework?: string;
  /** Where the command writes a report by itself (`framework: "junit"` or `"tap"`): a path or a glob relative to `cwd`. */
  readonly report?: string;
  /** Exactly which tests to run; all when absent. */
  readonly selectors?: readonly TestSelector[];
  readonly allowNoTests?: boolean;
  /** Deadline, in milliseconds. */
  readonly timeoutMs?: number;
  readonly limits?: LimitRequest;
  /** Ends the command; its reason should be an `Outcome`. */
  readonly signal?: AbortSignal;
  /** Takes the output; a file of its own in the system's temporary directory by default. */
  readonly logFile?: string;
  /** Called for each test as it ends, where the framework tells so early. */
  readonly onTest?: (test: TestResult) => void;
}

/** What came of a test command. */
export interface TestRun {
  readonly outcome: Outcome;
  readonly counts: TestCounts;
  readonly tests: readonly TestResult[];
  readonly exit: ProcessExit;
  readonly logFile: string;
}

/**
 * Runs one test command with a deadline and limits, and resolves with its verdict and its tests. Rejects for what cannot be
 * run as asked (`APEX_UNKNOWN_FRAMEWORK`, `APEX_FRAMEWORK_UNREACHABLE`, `APEX_FRAMEWORK_CANNOT`, `APEX_LOG_FILE`, …); failing
 * tests, and a command that cannot be started, are outcomes.
 */
export async function runTests(options: RunTestsOptions): Promise<TestRun> {
  const { framework, report: where, selectors = [], allowNoTests = false, timeoutMs, onTest } = options;
  const [file, ...args] = options.command;
  const cwd = path.resolve(options.cwd ?? ".");
  const directory = await mkdtemp(path.join(tmpdir(), "apex-run-"));
  const reportFile = path.join(directory, "report");
  const logFile = options.logFile ?? path.join(directory, "output.log");
  const asked = { kind: "argv", file, args } as const;
  const adapter = chooseAdapter(framework, asked);
  const prepared = adapter.prepare({
    command: asked,
    reportFile,
    cwd,
    selectors,
    allowNoTests,
    env: options.env,
    report: where,
  });
  const { command, env, before } = prepared;

  const ending = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => ending.abort(timedOut(timeoutMs)), timeoutMs);
  const signal = options.signal ? AbortSignal.any([ending.signal, options.signal]) : ending.signal;
  const written = { reportFile, logFile, cwd, report: where, before };
  const following = followReport({ adapter, written, onTest: (test) => onTest?.(test) });
  let exit: ProcessExit;
  let report: TestReport | undefined;
  try {
    exit = await runProcess({ ...options, command, cwd, env: { ...options.env, ...env }, logFile, signal });
  } finally {
    clearTimeout(timer);
    report = await following.finish();
  }
  const tests = withoutUnselected(report?.tests ?? [], selectors);
  const counts = countTests(tests);
  const ended = exit.terminated ? endOf(signal) : undefined;
  return { outcome: decideVerdict({ exit, ended, report, counts, allowNoTests }), counts, tests, exit, logFile };
}

function timedOut(limitMs: number): Outcome {
  const reason = `the deadline of ${formatDuration(limitMs)} was reached`;
  return { status: "timed-out", deadline: "attempt", limitMs, reason };
}

function endOf({ reason }: AbortSignal): Outcome {
  const isOutcome = typeof reason === "object" && reason !== null && "status" in reason;
  return isOutcome ? (reason as Outcome) : { status: "cancelled", by: "person", reason: "cancelled" };
}
