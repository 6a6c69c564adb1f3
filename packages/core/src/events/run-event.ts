import type { LayerId, NodeId, RunId } from "../ids.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import type { TestCounts, TestResult } from "../test-result.ts";
import type { RunState } from "../engine/run-state.ts";

/** The version that this package writes. Readers accept every older one. */
export const eventVersion = 1;

/** What every event carries beside its variant's own fields. */
export interface EventEnvelope {
  readonly version: number;
  /** 1, 2, 3 … within a run, without a gap. */
  readonly seq: number;
  /** ISO 8601 time in UTC. */
  readonly at: string;
  readonly runId: RunId;
  readonly threadId?: string;
  readonly userId?: string;
}

/** Totals of a finished run. */
export interface RunSummary {
  readonly outcome: Outcome;
  /** The documented process exit code that the outcome maps to. */
  readonly exitCode: number;
  readonly durationMs: number;
  readonly counts: TestCounts;
  readonly nodes: {
    readonly total: number;
    readonly passed: number;
    readonly notPassed: number;
    readonly skipped: number;
  };
}

/** What an agent may say about its own node, through its context. */
export type AgentReportedEvent =
  | { readonly type: "test_completed"; readonly test: TestResult }
  | {
      /** Text that a node's process wrote, in the order in which it was written; not cut at line ends. */
      readonly type: "output";
      readonly text: string;
    };

type OfNode = { readonly nodeId: NodeId; readonly attempt: number };

/** Everything that can happen in a run, without the envelope. */
export type RunEventBody =
  | { readonly type: "run_started"; readonly plan: Plan; readonly apexVersion?: string }
  | { readonly type: "run_state_changed"; readonly from: RunState; readonly to: RunState }
  | { readonly type: "run_completed"; readonly summary: RunSummary }
  | { readonly type: "layer_started"; readonly layerId: LayerId }
  | {
      readonly type: "layer_completed";
      readonly layerId: LayerId;
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly counts: TestCounts;
    }
  | { readonly type: "node_started"; readonly nodeId: NodeId; readonly layerId: LayerId }
  | (OfNode & { readonly type: "node_retrying"; readonly outcome: Outcome; readonly delayMs: number })
  | {
      /** Exactly one for each node of the plan, also for those that never started. */
      readonly type: "node_completed";
      readonly nodeId: NodeId;
      readonly layerId: LayerId;
      readonly outcome: Outcome;
      readonly durationMs: number;
      /** Attempts made; 0 when the node never started. */
      readonly attempts: number;
      readonly counts: TestCounts;
      /** Passed only on a later attempt, or a test of it did. */
      readonly flaky: boolean;
      /** What the agent returned of use to readers: the exit code, the log file, how the verdict came about. */
      readonly evidence?: NodeEvidence;
    }
  | (OfNode & { readonly type: "agent_started"; readonly agent: string })
  | (OfNode & { readonly type: "agent_thinking"; readonly agent: string; readonly note: string })
  | (OfNode & {
      readonly type: "tool_executing";
      readonly agent: string;
      readonly tool: string;
      readonly callId: number;
      readonly input: unknown;
    })
  | (OfNode & {
      readonly type: "tool_completed";
      readonly agent: string;
      readonly tool: string;
      readonly callId: number;
      readonly durationMs: number;
      readonly error?: string;
    })
  | (OfNode & {
      readonly type: "agent_completed";
      readonly agent: string;
      readonly outcome: Outcome;
      readonly durationMs: number;
    })
  | (OfNode & AgentReportedEvent)
  | { readonly type: "reporter_failed"; readonly reporter: string; readonly message: string };

/** How a node's verdict can be checked by hand. */
export interface NodeEvidence {
  /** The command line as it was run. */
  readonly command?: string;
  readonly cwd?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Path of the whole output, relative to the project root. */
  readonly logFile?: string;
  /** The last lines of the output, for a node that did not pass. */
  readonly outputTail?: string;
  /** The adapter that read the results; `command` means the exit code alone decided. */
  readonly framework?: string;
  /** Processes of the node that had to be ended after its command had exited. */
  readonly leakedProcesses?: number;
}

export type RunEvent = EventEnvelope & RunEventBody;
export type RunEventType = RunEvent["type"];
export type RunEventOf<Type extends RunEventType> = Extract<RunEvent, { readonly type: Type }>;
