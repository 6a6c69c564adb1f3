import type { AttemptScope, NodeEvidence, RunEvent } from "../events/run-event.ts";
import type { Reporter } from "../events/reporter.ts";
import type { ServiceOutage, SurroundingsEvent } from "../events/service-events.ts";
import type { Evidence } from "../layers/category.ts";
import type { Outcome } from "../outcome.ts";
import type { TestCounts } from "../test-result.ts";
import type { AgentContext, AgentLogger, UserContext } from "./agent-context.ts";
import type { AgentMessage, Delivery, OutgoingMessage } from "./message.ts";
import type { NodeId, RunId } from "../ids.ts";
import type { PlanLayer, PlanNode } from "../plan/plan.ts";
import type { Schema } from "./schema.ts";
import type { Tool } from "./tool.ts";

/** What an agent may use over a whole run, outside any one node. */
export interface AgentHost {
  readonly run: { readonly id: RunId; readonly environment: string; readonly projectRoot: string };
  readonly user: UserContext;
  /** Aborted when the run is cancelled; the reason is an `Outcome`. */
  readonly signal: AbortSignal;
  readonly logger: AgentLogger;
  /** Sends to other agents of the run; resolves when all that were tried have answered or were given up on. */
  readonly send: (message: OutgoingMessage) => Promise<readonly Delivery[]>;
  /** Tells in the stream what the tests stand on. */
  readonly report: (event: SurroundingsEvent) => void;
}

/** A layer whose turn it is. */
export interface LayerRequest {
  readonly layer: PlanLayer;
  /** Those that have something to run. */
  readonly nodes: readonly PlanNode[];
  /** Aborted when the run, or the layer, is not to go on; the reason is an `Outcome`. */
  readonly signal: AbortSignal;
}

/** Whether a layer may start. */
export type LayerAdmission =
  | {
      readonly kind: "admitted";
      /** Variables for its tests, which the stream never shows. */
      readonly env?: Readonly<Record<string, string>>;
    }
  /** It does not start. `errored` and `inconclusive` fail it, `skipped` leaves it out. */
  | {
      readonly kind: "refused";
      readonly outcome: Extract<Outcome, { status: "errored" | "skipped" | "inconclusive" }>;
    };

/** An attempt that did not pass. */
export interface FailedAttempt {
  readonly nodeId: NodeId;
  readonly layer: PlanLayer;
  readonly attempt: number;
  readonly outcome: Outcome;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Failed tests that were reported one by one, with the time in which each ran, as far as it is known. */
  readonly failedTests: readonly { readonly title: string; readonly startedMs: number; readonly endedMs: number }[];
  readonly signal: AbortSignal;
}

/** Why an attempt failed that is not the fault of what it tests. */
export interface InfrastructureFault {
  readonly outages: readonly ServiceOutage[];
  /** In one sentence. */
  readonly reason: string;
  /** Whether it accounts for all that failed. */
  readonly isWhole: boolean;
}

/** An agent's answer to the heartbeat. */
export interface AgentHealth {
  readonly state: "healthy" | "degraded";
  /** What is wrong, or what it is busy with. */
  readonly detail?: string;
}

/** The time an agent gets. */
export interface AgentLimits {
  /** Deadline of an attempt where the node has none of its own; 30,000 when absent, `Infinity` for none. */
  readonly timeoutMs?: number;
  /**
   * How long it may take to end after its signal before it is left behind and quarantined, and how long its `stop` may take;
   * 5,000 when absent.
   */
  readonly graceMs?: number;
}

/**
 * Code that does a node's work, or accompanies a run. Everything for one invocation arrives in the context; nothing is
 * global. Only `name` and `execute` are required.
 *
 * `execute` resolves with any output. An output that carries an `outcome` (see {@link AgentReport}) decides the node's;
 * any other output means that the node passed. A rejection means misuse or a bug, and makes the node `errored`.
 */
export interface Agent<Input = unknown, Output = unknown> {
  readonly name: string;
  /** Part of its nodes' fingerprints: raise it when the same input may now come to another result. */
  readonly version?: string;
  readonly description?: string;
  /** Tools that this agent's context offers beside the run's own. */
  readonly tools?: readonly Tool[];
  /** Agents of the same run that must have started before, and that stop after, this one. */
  readonly requires?: readonly string[];
  readonly limits?: AgentLimits;
  /** A schema of zod (or zod/mini) that the node's input must satisfy; the agent gets the parsed value. */
  readonly input?: Schema<Input>;
  execute(input: Input, context: AgentContext): Promise<Output>;
  /** Called once per run, before the first node. */
  start?(host: AgentHost): Promise<void>;
  /** Called once per run on every exit path, in reverse order of `start`. */
  stop?(): Promise<void>;
  /** Asked at every heartbeat; no answer within the interval is a missed beat. */
  health?(): AgentHealth | Promise<AgentHealth>;
  /** Answers a message of another agent; the reply goes back to the sender. */
  handleMessage?(message: AgentMessage): Promise<unknown>;
  /**
   * Asked before a layer that has something to run starts; its budget begins once all agents that are asked have admitted it.
   * It is released when its `layer_completed` is seen. A rejection fails the layer.
   */
  admitLayer?(request: LayerRequest): Promise<LayerAdmission>;
  /** Asked about an attempt that failed or broke, before its outcome is told: what is known of a cause outside it. */
  explainFailure?(attempt: FailedAttempt): Promise<InfrastructureFault | undefined>;
  /** Asked once every node has ended, unless the run was cancelled. What it returns makes a run that passed this instead. */
  reviewRun?(
    outcome: Outcome,
  ): Promise<Extract<Outcome, { status: "inconclusive" | "failed" | "errored" }> | undefined>;
  /** It never changes an event: it sees those of the run themselves, where others get a copy of each, which costs far more than to look. */
  readonly leavesEventsAlone?: true;
  /** Sees every event of the run, as a reporter does. */
  onEvent?(event: RunEvent): void;
  /**
   * Asked once per run, before its first event and before `start`: a reporter of this run, for an agent that has something to
   * write. Unlike the agent, which is stopped before, it sees the last event, and is closed after it.
   */
  createReporter?(): Reporter;
}

/** An output that decides the node's outcome. */
export interface AgentReport {
  readonly outcome: Outcome;
  readonly counts?: TestCounts;
  readonly evidence?: NodeEvidence;
  /** What a pass proves; the weakest of this and of the tools that were called counts. */
  readonly evidenceLevel?: Evidence;
  /**
   * The tests that were reported as failed are all that kept it from passing: another attempt proves the node by running
   * these alone (`context.node.rerun`). Absent: by running everything.
   */
  readonly failedBy?: "tests";
  /** What was run; `failed-tests` for those of `context.node.rerun` alone. Absent: everything. */
  readonly scope?: AttemptScope;
}
