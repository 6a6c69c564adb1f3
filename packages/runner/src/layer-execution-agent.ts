import { rm } from "node:fs/promises";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import {
  type Agent,
  type AgentContext,
  type AgentReport,
  type CategoryTask,
  commandText,
  countTests,
  describeThrown,
  formatTestSelector,
  isOutcome,
  layerExecutionAgentName,
  noTests,
  type NodeEvidence,
  type Outcome,
  type TestResult,
  type TestSelector,
} from "@netra-apex/core";
import { chooseAdapter } from "./adapters/adapter-registry.ts";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import { type AuthenticityInput, findSuspicions } from "./authenticity.ts";
import { isFailedByTests, prepareWork } from "./category-work.ts";
import { hasFailuresOutside } from "./failures-outside.ts";
import { followReport } from "./follow-report.ts";
import { processEvidence } from "./node-evidence.ts";
import { withArguments } from "./with-arguments.ts";
import { nodeFiles } from "./node-files.ts";
import { lastLines } from "./process/last-lines.ts";
import type { ProcessExit } from "./process/run-process.ts";
import {
  createRunProcessTool,
  type ProcessControl,
  type RunProcessInput,
  runProcessToolName,
} from "./run-process-tool.ts";
import { selectorsWithoutTest, withoutUnselected } from "./selected-tests.ts";
import type { ShardFiles } from "./shards/shard-files.ts";
import { keepShardTests } from "./shards/shard-tests.ts";
import { isSharedByFiles } from "./shards/shared-by-files.ts";
import { decideVerdict } from "./verdict.ts";

/** Where a run keeps its logs, and how its processes are controlled. */
export interface LayerExecutionAgentOptions extends ProcessControl {
  /** Where logs and reports of this run are kept; relative to the project's root, or absolute. */
  readonly runDirectory: string;
  /** How many tests a category had when it passed last, by name: fewer are a sign. */
  readonly lastPasses?: ReadonlyMap<string, number> | undefined;
  /** Finds the adapter of a command; among those of this package by default. */
  readonly chooseAdapter?: typeof chooseAdapter;
}

/** Teardowns of whole environments come after a framework's last word. */
const defaultDrainMs = 60_000;
const tailLines = 40;
const tailBytes = 16 * 1024;
const longestNote = 200;

/**
 * The agent that executes a test category: runs its command through `run_process`, reads its test results and decides the
 * verdict. A category that cannot be run as configured rejects with an `ApexError` (`APEX_UNKNOWN_FRAMEWORK`,
 * `APEX_FRAMEWORK_UNREACHABLE`, `APEX_FRAMEWORK_CANNOT`, `APEX_REPORTER_TAKEN`, `APEX_REPORT_LOCATION`,
 * `APEX_SELECTORS_UNSUPPORTED`, `APEX_LOG_FILE`).
 */
export function createLayerExecutionAgent(options: LayerExecutionAgentOptions): Agent<CategoryTask, AgentReport> {
  let running = 0;
  return {
    name: layerExecutionAgentName,
    description: "Runs a test category's command as a process tree and reads its results.",
    // Categories have deadlines of their own, and ending a tree of processes takes its time.
    limits: { timeoutMs: Number.POSITIVE_INFINITY, graceMs: 30_000 },
    health: () => ({ state: "healthy", detail: `${running} running` }),
    tools: [createRunProcessTool(options)],
    async execute(task, context) {
      running += 1;
      try {
        return await executeCategory(task, context, options);
      } finally {
        running -= 1;
      }
    },
  };
}

async function executeCategory(
  task: CategoryTask,
  context: AgentContext,
  { runDirectory, killNow, lastPasses, mask, chooseAdapter: choose = chooseAdapter }: LayerExecutionAgentOptions,
): Promise<AgentReport> {
  const { run, node } = context;
  const { cwd, limits, isolation } = task;
  // With more shards than files some have nothing to do; whether all tests ran is seen when they are put together.
  const allowNoTests = task.allowNoTests || task.partOf !== undefined;
  const { logFile, reportFile } = nodeFiles(path.resolve(run.projectRoot, runDirectory), node.id, node.attempt);
  const asked = withArguments(task.command, task.additionalArgs);
  const adapter = choose(task.framework, asked);
  let part: ShardFiles | undefined;
  if (isSharedByFiles(task, adapter)) {
    const { shardFiles } = await import("./shards/shard-files.ts");
    part = await shardFiles(task, adapter, context, runDirectory);
  }
  if (part?.own.length === 0) return withoutFiles(task, adapter.name, context, reportFile);
  const work = prepareWork({ task, adapter, command: asked, reportFile, rerun: node.rerun, files: part?.own });
  const { command, env, before, selectors, scope, warnings } = work;
  for (const warning of warnings) context.logger.warn(`${task.category}: ${warning}`);
  // A run that is resumed must not read a report of its earlier life.
  if (adapter.read) await rm(reportFile, { force: true });

  const following = followReport({
    adapter,
    written: { reportFile, logFile, cwd, report: task.report, before },
    onTest(test) {
      if (withoutUnselected([test], selectors).length > 0) context.emit({ type: "test_completed", test });
    },
  });
  const what =
    scope === undefined ? "" : `${selectors.length} failed ${selectors.length === 1 ? "test" : "tests"} again: `;
  context.think(`running ${what}${commandText(asked).replaceAll(/\s+/g, " ").slice(0, longestNote)}`);
  const input: RunProcessInput = {
    command,
    cwd,
    env: { ...childVariables(task, context), ...env },
    logFile,
    ...(limits === undefined ? {} : { limits }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(adapter.isStreamed && !adapter.endsPerFile
      ? { drain: { reportFile, drainMs: task.drainMs ?? defaultDrainMs } }
      : {}),
  };
  let exit: ProcessExit;
  let report: TestReport | undefined;
  try {
    exit = await context.callTool<ProcessExit>(runProcessToolName, input);
  } finally {
    report = await following.finish();
  }

  const tests = withoutUnselected(report?.tests ?? [], selectors);
  const counts = countTests(tests);
  const ended = exit.terminated && !exit.overdue ? abortOutcome(context.signal, killNow) : undefined;
  const isWhole = selectors.length === 0 && task.shard === undefined;
  const lastPass = isWhole ? lastPasses?.get(task.category) : undefined;
  const suspicions = await suspicionsOf({
    task,
    isWhole,
    tests,
    counts,
    lastPass,
    report,
    exit,
    logFile,
    signal: context.signal,
  });
  const verdict = decideVerdict({ exit, ended, report, counts, allowNoTests, suspicions });
  const proved = verdict.status === "passed" && report ? allSelectedRan(tests, selectors) : verdict;
  const outcome = proved.status === "passed" && part ? noneOfOthersRan(tests, part) : proved;
  const outputTail =
    outcome.status === "passed" ? "" : stripVTControlCharacters(await lastLines(logFile, tailLines, tailBytes));
  const evidence: NodeEvidence = {
    command: commandText(command),
    cwd,
    framework: adapter.name,
    logFile: path.relative(run.projectRoot, logFile).replaceAll(path.sep, "/"),
    ...processEvidence(exit),
    ...(isolation === undefined ? {} : { isolation }),
    ...(suspicions.length === 0 ? {} : { suspicions }),
    ...(outputTail === "" ? {} : { outputTail }),
  };
  const { name: framework, isStreamed = false } = adapter;
  const isRerunnable =
    report !== undefined &&
    isFailedByTests(outcome, report, tests) &&
    !(await hasFailuresOutside({ framework, isStreamed, report, failedTests: counts.failed, logFile }));
  // What the framework wrote itself is not masked, and has been read.
  if (mask && adapter.read) await rm(reportFile, { force: true });
  if (task.partOf !== undefined && scope === undefined && report) await keepShardTests(context, tests, reportFile);
  return {
    outcome,
    counts,
    evidence,
    ...(isRerunnable ? { failedBy: "tests" } : {}),
    ...(scope === undefined ? {} : { scope }),
  };
}

interface GreenResult extends Omit<AuthenticityInput, "rules" | "durationMs"> {
  readonly task: CategoryTask;
  readonly exit: ProcessExit;
  /** All tests of the category were to run. */
  readonly isWhole: boolean;
}

/** Only a green result can seem to prove more than it does. A few tests alone may take less time than all. */
async function suspicionsOf({ task: { authenticity }, exit, isWhole, ...rest }: GreenResult) {
  if (!authenticity || exit.exitCode !== 0 || exit.spawnError) return [];
  const { minDurationMs, ...others } = authenticity;
  const rules = isWhole && minDurationMs !== undefined ? authenticity : others;
  return findSuspicions({ rules, durationMs: exit.durationMs, ...rest });
}

/** A rerun that skips what it was asked for must not look like a mended test. */
function allSelectedRan(tests: readonly TestResult[], selectors: readonly TestSelector[]): Outcome {
  const missing = selectorsWithoutTest(tests, selectors).map(formatTestSelector);
  return missing.length === 0
    ? { status: "passed" }
    : { status: "failed", reason: `selected, but no such test ran: ${missing.join(", ")}` };
}

/** Some frameworks' configs name files that no argument takes away again. */
function noneOfOthersRan(tests: readonly TestResult[], { others }: ShardFiles): Outcome {
  const foreign = [...new Set(tests.flatMap(({ file = "" }) => (others.has(file) ? [file] : [])))];
  if (foreign.length === 0) return { status: "passed" };
  const why = "the framework ran files of other shards, which were not asked for: does its config name them?";
  return { status: "failed", reason: `${why} (${foreign.slice(0, 5).join(", ")}${foreign.length > 5 ? ", …" : ""})` };
}

/** With more shards than files some have nothing to do; without a file the command would run them all. */
async function withoutFiles(
  task: CategoryTask,
  framework: string,
  context: AgentContext,
  reportFile: string,
): Promise<AgentReport> {
  const { shard = { index: 1, total: 1 }, cwd, allowNoTests, partOf } = task;
  if (partOf !== undefined) await keepShardTests(context, [], reportFile);
  const reason = `no tests ran: there is no file left for shard ${shard.index}/${shard.total}`;
  const outcome: Outcome = allowNoTests || partOf !== undefined ? { status: "passed" } : { status: "failed", reason };
  return { outcome, counts: noTests, evidence: { framework, cwd } };
}

/** What the test process learns about its place in the run. */
function childVariables({ category, env, shard }: CategoryTask, { run, node }: AgentContext): Record<string, string> {
  return {
    ...env,
    APEX_RUN_ID: run.id,
    APEX_LAYER: node.layerId,
    APEX_CATEGORY: category,
    APEX_ENV: run.environment,
    APEX_SLOT: String(node.slot),
    ...(shard === undefined ? {} : { APEX_SHARD: `${shard.index}/${shard.total}` }),
  };
}

/** The outcome that whoever aborted the work has put into the signal. */
function abortOutcome(signal: AbortSignal, killNow: AbortSignal | undefined): Outcome {
  const reason: unknown = signal.aborted ? signal.reason : killNow?.reason;
  return isOutcome(reason)
    ? reason
    : { status: "cancelled", by: "person", reason: `cancelled: ${describeThrown(reason)}` };
}
