import type { AgentReportedEvent, LogLevel } from "../events/run-event.ts";
import type { LayerId, NodeId, RunId } from "../ids.ts";
import type { PlanNode } from "../plan/plan.ts";
import type { TestResult } from "../test-result.ts";
import type { Delivery, OutgoingMessage } from "./message.ts";
import type { AgentState } from "./agent-state.ts";
import type { Tool } from "./tool.ts";

/** Who a run belongs to. */
export interface UserContext {
  readonly userId?: string;
  readonly threadId?: string;
}

/** Writes `agent_logged` events; `fields` must survive JSON. */
export type AgentLogger = Readonly<
  Record<LogLevel, (message: string, fields?: Readonly<Record<string, unknown>>) => void>
>;

/** A node that an agent adds to the run; what is left out is as in any other node. */
export type SpawnedNode = Pick<PlanNode, "id" | "agent" | "input"> &
  Partial<Omit<PlanNode, "id" | "agent" | "input" | "layerId" | "spawnedBy">>;

/** Calls a tool, by itself and with its types, or by its name. */
export interface CallTool {
  <Input, Output>(tool: Tool<Input, Output>, input: NoInfer<Input>): Promise<Output>;
  <Output = unknown>(name: string, input: unknown): Promise<Output>;
}

/** All that one invocation of an agent may use. */
export interface AgentContext {
  readonly run: { readonly id: RunId; readonly environment: string; readonly projectRoot: string };
  readonly node: {
    readonly id: NodeId;
    readonly layerId: LayerId;
    /** 1 for the first try. */
    readonly attempt: number;
    /** 0 to maxParallel − 1, held by one running node at a time: for ports and database names. */
    readonly slot: number;
    /** Variables that those who admitted its layer have for its tests, such as where a service listens. Not for the stream. */
    readonly env?: Readonly<Record<string, string>>;
    /**
     * Tests that failed in the attempt before, whose rerun alone can mend the node; absent where everything has to run. An
     * agent that runs just these says so (`AgentReport.scope`); one that cannot runs everything.
     */
    readonly rerun?: readonly TestResult[];
  };
  readonly user: UserContext;
  /** The thread that the run's events are streamed to, where there is one. */
  readonly threadId: string | undefined;
  /** What the agents of this run share; private to the run. */
  readonly state: AgentState;
  readonly logger: AgentLogger;
  /** Aborted when the tightest deadline is reached or the run is cancelled; the reason is an `Outcome`. */
  readonly signal: AbortSignal;
  /** Says in the stream what the agent is about to do and why. */
  readonly think: (note: string) => void;
  /**
   * Calls a tool, by itself or by name: checked, timed, cancellable, seen in the stream. Throws `UnknownToolError`,
   * `ToolInputError`, `ToolOutputError`, `ToolTimeoutError`, or what the tool throws.
   */
  readonly callTool: CallTool;
  /** Reports a number of the agent's domain; the node's SLA may bound it. The last value of a name counts. */
  readonly measure: (name: string, value: number, unit?: string) => void;
  /**
   * Adds nodes to the run, in this node's layer, each after this node; what needs this node then waits for them too.
   * They are added when this attempt passes, and forgotten when it does not, so a retry never doubles them.
   * Throws `SpawnError` for nodes that do not fit into the plan.
   */
  readonly spawn: (nodes: readonly SpawnedNode[]) => void;
  /** Sends to other agents of the run; resolves when all that were tried have answered or were given up on. */
  readonly send: (message: OutgoingMessage) => Promise<readonly Delivery[]>;
  /** Reports a test's result or output of the node. */
  readonly emit: (event: AgentReportedEvent) => void;
}
