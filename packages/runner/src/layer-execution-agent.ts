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
  type NodeEvidence,
  type Outcome,
  type TestResult,
  type TestSelector,
} from "@netra-apex/core";
import { chooseAdapter } from "./adapters/adapter-registry.ts";
import type { TestReport } from "./adapters/test-framework-adapter.ts";
import { followReport } from "./follow-report.ts";
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
import { decideVerdict } from "./verdict.ts";

/** Where a run keeps its logs, and how its processes are controlled. */
export interface LayerExecutionAgentOptions extends ProcessControl {
  /** Where logs and reports of this run are kept; relative to the project's root, or absolute. */
  readonly runDirectory: string;
}

const tailLines = 40;
const tailBytes = 16 * 1024;
const longestNote = 200;

/**
 * The agent that executes a test category: runs its command through `run_process`, reads its test results and decides the
 * verdict. A category that cannot be run as configured rejects with an `ApexError` (`APEX_UNKNOWN_FRAMEWORK`,
 * `APEX_FRAMEWORK_UNREACHABLE`, `APEX_REPORTER_TAKEN`, `APEX_SELECTORS_UNSUPPORTED`, `APEX_LOG_FILE`).
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
  { runDirectory, killNow }: LayerExecutionAgentOptions,
): Promise<AgentReport> {
  const { run, node } = context;
  const { cwd, selectors, allowNoTests } = task;
  const { logFile, reportFile } = nodeFiles(path.resolve(run.projectRoot, runDirectory), node.id, node.attempt);
  const asked = withArguments(task.command, task.additionalArgs);
  const adapter = chooseAdapter(task.framework, asked);
  const { command, env } = adapter.prepare({ command: asked, reportFile, cwd, selectors, allowNoTests });
  // A run that is resumed must not read a report of its earlier life.
  if (adapter.read) await rm(reportFile, { force: true });

  const following = followReport({
    adapter,
    reportFile,
    cwd,
    onTest(test) {
      if (withoutUnselected([test], selectors).length > 0) context.emit({ type: "test_completed", test });
    },
  });
  context.think(`running ${commandText(asked).replaceAll(/\s+/g, " ").slice(0, longestNote)}`);
  const input: RunProcessInput = { command, cwd, env: { ...childVariables(task, context), ...env }, logFile };
  let exit: ProcessExit;
  let report: TestReport | undefined;
  try {
    exit = await context.callTool<ProcessExit>(runProcessToolName, input);
  } finally {
    report = await following.finish();
  }

  const tests = withoutUnselected(report?.tests ?? [], selectors);
  const counts = countTests(tests);
  const aborted = exit.terminated && abortOutcome(context.signal, killNow);
  const verdict = aborted ?? decideVerdict({ exit, report, counts, allowNoTests });
  const outcome = verdict.status === "passed" && report ? allSelectedRan(tests, selectors) : verdict;
  const outputTail =
    outcome.status === "passed" ? "" : stripVTControlCharacters(await lastLines(logFile, tailLines, tailBytes));
  const evidence: NodeEvidence = {
    command: commandText(command),
    cwd,
    framework: adapter.name,
    logFile: path.relative(run.projectRoot, logFile).replaceAll(path.sep, "/"),
    ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
    ...(exit.signal === undefined ? {} : { signal: exit.signal }),
    ...(exit.leakedProcesses === 0 ? {} : { leakedProcesses: exit.leakedProcesses }),
    ...(outputTail === "" ? {} : { outputTail }),
  };
  return { outcome, counts, evidence };
}

/** A rerun that skips what it was asked for must not look like a mended test. */
function allSelectedRan(tests: readonly TestResult[], selectors: readonly TestSelector[]): Outcome {
  const missing = selectorsWithoutTest(tests, selectors).map(formatTestSelector);
  return missing.length === 0
    ? { status: "passed" }
    : { status: "failed", reason: `selected, but no such test ran: ${missing.join(", ")}` };
}

/** What the test process learns about its place in the run. */
function childVariables({ category, env }: CategoryTask, { run, node }: AgentContext): Record<string, string> {
  return {
    ...env,
    APEX_RUN_ID: run.id,
    APEX_LAYER: node.layerId,
    APEX_CATEGORY: category,
    APEX_ENV: run.environment,
    APEX_SLOT: String(node.slot),
  };
}

/** The outcome that whoever aborted the work has put into the signal. */
function abortOutcome(signal: AbortSignal, killNow: AbortSignal | undefined): Outcome {
  const reason: unknown = signal.aborted ? signal.reason : killNow?.reason;
  return isOutcome(reason)
    ? reason
    : { status: "cancelled", by: "person", reason: `cancelled: ${describeThrown(reason)}` };
}
