import type { LayerId, NodeId, RunId } from "../ids.ts";
import type { Outcome } from "../outcome.ts";
import type { Evidence, RetryTime } from "../layers/category.ts";
import type { Enforcement, LimitsInForce } from "../layers/limits.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { TestCounts, TestResult } from "../test-result.ts";
import type { RunState } from "../engine/run-state.ts";
import type { ReporterFailure, SlowReporter } from "./reporter-review.ts";
import type { RunHost, RunInputs } from "./run-surroundings.ts";
import type { ContentionEvent, ServiceOutage, SurroundingsEvent } from "./service-events.ts";
import type { Suspicion } from "./suspicion.ts";
import type { CommunicationPattern, Delivery } from "../agents/message.ts";

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
    /** Of those that passed: taken over from the run that this one resumes, not run again. */
    readonly kept: number;
  };
  /** Attempts after the first one, of all nodes. */
  readonly retries: number;
  readonly coordination: CoordinationEfficiency;
  /** How the limits that nodes asked for were enforced, and for how many nodes each; absent when none had any. */
  readonly limits?: EnforcementCounts;
  /** Reporters that were dropped or could not finish; only in what `runPlan` returns, for by then the stream is over. */
  readonly reporterFailures?: readonly ReporterFailure[];
  /** Reporters that held the run up; only in what `runPlan` returns. */
  readonly slowReporters?: readonly SlowReporter[];
}

/** For how many nodes each way of enforcing a limit was really in force. */
export interface EnforcementCounts {
  readonly memory: Readonly<Partial<Record<Enforcement, number>>>;
  readonly cpu: Readonly<Partial<Record<Enforcement, number>>>;
}

/** How well the agents were kept busy. */
export interface CoordinationEfficiency {
  /** Between 0 and 1: `busyMs / (agents × wallMs)`. */
  readonly efficiency: number;
  /** Sum of the durations of all invocations, in milliseconds. */
  readonly busyMs: number;
  /** Most invocations at one time. */
  readonly agents: number;
  /** From the first invocation's start to the last one's end, in milliseconds. */
  readonly wallMs: number;
  /** The formula with its numbers, for people. */
  readonly formula: string;
}

/** What an agent may say about its own node, through its context. */
export type AgentReportedEvent =
  | { readonly type: "test_completed"; readonly test: TestResult }
  | {
      /** Text that a node's process wrote, in the order in which it was written; not cut at line ends. */
      readonly type: "output";
      readonly text: string;
    }
  | {
      /** What all processes of a node take together, about once a second. */
      readonly type: "process_sampled";
      readonly processes: number;
      /** Resident memory; what processes share counts for each. */
      readonly memoryBytes: number;
      /** Since the sample before: 100 is one CPU. */
      readonly cpuPercent: number;
    };

/** An agent's promise that did not hold. */
export interface SlaBreach {
  /** `duration`, `memory_growth`, or the name of a metric. */
  readonly what: string;
  /** Absent when the agent never reported the metric. */
  readonly actual?: number;
  readonly min?: number;
  readonly max?: number;
}

/** How much of a node an attempt ran: everything, or only the tests that had failed in the attempts before. */
export type AttemptScope = "all" | "failed-tests";

/** How one attempt of a node ended. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Of what this attempt ran. */
  readonly counts: TestCounts;
  /** Absent for one that ran everything. */
  readonly scope?: AttemptScope;
  readonly evidence?: NodeEvidence;
}

/** From the least to the most urgent. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** How an agent is. `lost` is never said by itself: it is what becomes of one that misses its heartbeats. */
export type HealthState = "healthy" | "degraded" | "lost";

type OfNode = { readonly nodeId: NodeId; readonly attempt: number };

/** Everything that can happen in a run, without the envelope. */
export type RunEventBody =
  | {
      readonly type: "run_started";
      readonly plan: Plan;
      readonly apexVersion?: string;
      /** The arguments that `apex` was called with; absent for a run that a program has started. */
      readonly command?: readonly string[];
      readonly host?: RunHost;
      /** Versions of those agents that have one: what they made may be made differently by another version. */
      readonly agentVersions?: Readonly<Record<string, string>>;
      /** Of whatever else the results depend on, such as the state of the code; a pass is kept on resume only for the same. */
      readonly inputFingerprint?: string;
      /** The interrupted run that this one goes on with. */
      readonly resumes?: RunId;
      /** How long each node typically took when it passed, in milliseconds; those without a past are not in it. */
      readonly expectedMs?: Readonly<Record<NodeId, number>>;
    }
  | ({
      /** Told as soon as it is known, where it was not known from the start; at most once. */
      readonly type: "inputs_identified";
    } & RunInputs)
  | { readonly type: "run_state_changed"; readonly from: RunState; readonly to: RunState }
  | { readonly type: "run_paused"; readonly reason: string }
  | { readonly type: "run_resumed"; readonly pausedMs: number }
  | { readonly type: "run_completed"; readonly summary: RunSummary }
  | {
      /** An agent added nodes: from here on they are part of the plan, at the end of the layer of `by`. */
      readonly type: "plan_extended";
      readonly by: NodeId;
      readonly nodes: readonly PlanNode[];
    }
  | { readonly type: "layer_started"; readonly layerId: LayerId }
  | {
      readonly type: "layer_completed";
      readonly layerId: LayerId;
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly counts: TestCounts;
    }
  | { readonly type: "node_started"; readonly nodeId: NodeId; readonly layerId: LayerId }
  | (OfNode & {
      readonly type: "node_retrying";
      readonly outcome: Outcome;
      readonly delayMs: number;
      /** Absent: immediately. */
      readonly when?: RetryTime;
      /** Failed tests that alone are to be run again, where the agent can; absent where everything is. */
      readonly failedTests?: number;
    })
  | (OfNode & { readonly type: "retry_refused"; readonly outcome: Outcome; readonly reason: string })
  | {
      /** Exactly one for each node of the plan, also for those that never started. */
      readonly type: "node_completed";
      readonly nodeId: NodeId;
      readonly layerId: LayerId;
      readonly outcome: Outcome;
      readonly durationMs: number;
      /** Attempts made; 0 when the node never started. */
      readonly attempts: number;
      /** Each of them in its order, where there was more than one. */
      readonly attemptRecords?: readonly AttemptRecord[];
      /** Of all attempts together: a test that was run again counts as it ended last. */
      readonly counts: TestCounts;
      /** Passed only on a later attempt, or a test of it did. */
      readonly flaky: boolean;
      /** What the agent returned of use to readers: the exit code, the log file, how the verdict came about. */
      readonly evidence?: NodeEvidence;
      readonly slaBreaches?: readonly SlaBreach[];
      /** The run whose pass this is; it was not run again. */
      readonly keptFrom?: RunId;
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
      /** What the tool's answer proves, where the tool says so. */
      readonly evidence?: Evidence;
    })
  | (OfNode & {
      /** A number of the agent's domain, such as projected savings. */
      readonly type: "metric_reported";
      readonly agent: string;
      readonly name: string;
      readonly value: number;
      readonly unit?: string;
    })
  | (OfNode & {
      readonly type: "state_written";
      readonly agent: string;
      readonly key: string;
      readonly value: unknown;
    })
  | (Partial<OfNode> & {
      readonly type: "agent_logged";
      readonly agent: string;
      readonly level: LogLevel;
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    })
  | (Partial<OfNode> & {
      readonly type: "message_sent";
      /** Counts up within the run. */
      readonly messageId: number;
      readonly from: string;
      readonly pattern: CommunicationPattern;
      readonly topic: string;
      readonly to: readonly string[];
      readonly priority: number;
    })
  | {
      readonly type: "message_delivered";
      readonly messageId: number;
      readonly agent: string;
      readonly status: Delivery["status"];
      readonly durationMs: number;
      readonly error?: string;
    }
  | {
      readonly type: "agent_health_changed";
      readonly agent: string;
      readonly from: HealthState;
      readonly to: HealthState;
      readonly detail?: string;
    }
  | {
      /** It ignored its signal past its grace: it is not given any more work in this run. */
      readonly type: "agent_quarantined";
      readonly agent: string;
      readonly nodeId: NodeId;
      readonly reason: string;
    }
  | {
      readonly type: "resource_sampled";
      /** Of this process, since the sample before: 100 is one CPU. */
      readonly cpuPercent: number;
      /** Resident memory of this process. */
      readonly memoryBytes: number;
      /** Free on the disk that holds the project; absent where it cannot be asked. */
      readonly diskFreeBytes?: number;
      /** Nodes that could start but for the limits. */
      readonly queueDepth: number;
      readonly running: number;
    }
  | {
      readonly type: "alert_raised";
      /** The rule as written. */
      readonly rule: string;
      readonly message: string;
      readonly notify: readonly string[];
    }
  | { readonly type: "alert_cleared"; readonly rule: string }
  | (OfNode & {
      readonly type: "agent_completed";
      readonly agent: string;
      readonly outcome: Outcome;
      readonly durationMs: number;
      /** Of the tests that this attempt ran; absent in logs of earlier versions. */
      readonly counts?: TestCounts;
      /** Absent for an attempt that ran everything. */
      readonly scope?: AttemptScope;
      readonly evidence?: NodeEvidence;
    })
  | (OfNode & AgentReportedEvent)
  | SurroundingsEvent
  | ContentionEvent
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
  /** Command lines of what still ran long after its report was complete, and was ended. */
  readonly overdue?: readonly string[];
  /** Command lines of processes that outlived the node's command and had to be ended. */
  readonly leaked?: readonly string[];
  /** Command lines of processes that nothing could end. */
  readonly survivors?: readonly string[];
  /** How the node's command was ended, where it was: the strongest signal, and how long it took. */
  readonly ended?: { readonly by: "term" | "kill"; readonly afterMs: number };
  /** What its processes took together, as far as that was seen. */
  readonly usage?: { readonly peakMemoryBytes: number; readonly cpuMs: number };
  /** The limits that it asked for, and what was really in force. */
  readonly limits?: LimitsInForce;
  readonly isolation?: "pidns";
  /** Signs that a green result proves less than it seems, with their numbers. */
  readonly suspicions?: readonly Suspicion[];
  /** Services that were down while it ran. */
  readonly outages?: readonly ServiceOutage[];
}

/** An event as it is streamed. */
export type RunEvent = EventEnvelope & RunEventBody;
/** The name of an event. */
export type RunEventType = RunEvent["type"];
/** The event with that name. */
export type RunEventOf<Type extends RunEventType> = Extract<RunEvent, { readonly type: Type }>;
