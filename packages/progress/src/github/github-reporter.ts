import { appendFile, stat } from "node:fs/promises";
import { describeThrown, type Reporter, type RunEvent, type RunEventType } from "@netra-apex/core";
import { OutputSink } from "../output-sink.ts";
import type { OutputEnv, OutputStream } from "../output-stream.ts";
import { cleanLine } from "../render/clean-text.ts";
import { createRunReport } from "../report/create-run-report.ts";
import { resolveRenderOptions } from "../report/render-options.ts";
import type { RunReport } from "../report/run-report.ts";
import { ReporterEnvironmentError } from "../reporter-environment-error.ts";
import { type Annotation, collectAnnotations, fitAnnotations, stepLimits } from "./annotations.ts";
import { fitBlocks } from "./fit-blocks.ts";
import { jobSummary } from "./job-summary.ts";
import { TestFiles } from "./test-files.ts";
import { formatCommand, type WorkflowCommand } from "./workflow-command.ts";

/** What the reporter for GitHub Actions is made with. */
export interface GithubReporterOptions {
  /** Where the runner reads workflow commands: the standard output of the step, or its standard error, which it reads alike. */
  readonly stdout: OutputStream;
  /** Tells where the step is; nothing is read from the process itself. */
  readonly env: OutputEnv;
  /** The program, its command and the flags that a rerun command starts with. Default: `["apex", "run"]`. */
  readonly rerunPrefix?: readonly string[];
}

/** GitHub's limit for the summary of one step. */
const mostSummaryBytes = 1024 * 1024;

/** Plenty of them, and nothing that the report is made of. */
const untold: ReadonlySet<RunEventType> = new Set<RunEventType>([
  "output",
  "process_sampled",
  "agent_thinking",
  "message_sent",
  "message_delivered",
  "metric_reported",
  "state_written",
  "tool_executing",
  "tool_completed",
]);

/**
 * Tells GitHub Actions of a run when it is over: annotations within GitHub's limits, the most valuable first, the summary
 * page of the step, and its outputs (`outcome`, `exit-code`, `tests`, `passed`, `failed`, `skipped`, `flaky`, `run-id`).
 *
 * Throws `ReporterEnvironmentError` (`APEX_REPORTER_ENVIRONMENT`) where the environment is no step of a workflow. `close`
 * rejects with it when the step's files could not be written; what could be said otherwise has been said by then.
 */
export function createGithubReporter({ stdout, env, rerunPrefix }: GithubReporterOptions): Reporter {
  if (env["GITHUB_ACTIONS"] !== "true") {
    throw new ReporterEnvironmentError("the github reporter works within GitHub Actions only", {
      hint: "GITHUB_ACTIONS is not true here; leave the reporter out, or use markdown or junit with a file",
    });
  }
  const options = resolveRenderOptions(rerunPrefix ? { rerunPrefix } : {});
  const files = new TestFiles(env["GITHUB_WORKSPACE"] || undefined);
  const events: RunEvent[] = [];
  return {
    name: "github",
    onEvent(event) {
      files.onEvent(event);
      if (!untold.has(event.type)) events.push(event);
    },
    async close() {
      if (events.length === 0) return;
      const report = createRunReport(events);
      const { shown, left } = fitAnnotations(collectAnnotations(report, files), stepLimits);
      await annotate(stdout, shown, left.error + left.warning);
      await settle([
        [
          "summary",
          env["GITHUB_STEP_SUMMARY"],
          async (file) => {
            const size = await sizeOf(file);
            // What is there already may end within a line.
            const text = fitBlocks(jobSummary(report, left, options), mostSummaryBytes - size - 1);
            if (text === "") throw new Error("other commands of this step have filled it");
            return size === 0 ? text : `\n${text}`;
          },
        ],
        ["outputs", env["GITHUB_OUTPUT"], async () => outputsOf(report)],
      ]);
    },
  };
}

/** All in one piece: whatever else is written to the stream comes before or after it. */
async function annotate(stdout: OutputStream, shown: readonly Annotation[], left: number): Promise<void> {
  if (shown.length === 0) return;
  const more = left === 0 ? "" : `, ${left} more in the summary`;
  const commands: WorkflowCommand[] = [
    { name: "group", message: `Annotations (${shown.length}${more})` },
    ...shown.map(({ level, message, ...properties }) => ({ name: level, properties, message })),
    { name: "endgroup" },
  ];
  const sink = new OutputSink(stdout);
  sink.write(commands.map((command) => `${formatCommand(command)}\n`).join(""));
  await sink.close();
}

function outputsOf({ runs, verdict, summary }: RunReport): string {
  const { total, passed, failed, skipped, flaky } = summary.counts;
  const outputs = {
    outcome: verdict.outcome.status,
    "exit-code": verdict.exitCode,
    tests: total,
    passed,
    failed,
    skipped,
    flaky,
    "run-id": cleanLine(runs[0]?.runId ?? ""),
  };
  return Object.entries(outputs)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Appends to each file that there is; tells of all that could not be. */
async function settle(
  writes: readonly (readonly [what: string, file: string | undefined, text: (file: string) => Promise<string>])[],
): Promise<void> {
  const faults: string[] = [];
  for (const [what, file, text] of writes) {
    if (!file) continue;
    try {
      await appendFile(file, await text(file));
    } catch (error) {
      faults.push(`the step's ${what} could not be written: ${describeThrown(error)}`);
    }
  }
  if (faults.length > 0) throw new ReporterEnvironmentError(faults.join("; "));
}

/** Bytes of a file, 0 of one that is not there. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
