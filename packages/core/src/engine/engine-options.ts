import type { AgentContext } from "../agents/agent-context.ts";
import type { AgentRegistry } from "../agents/agent-registry.ts";
import type { AgentSurroundings } from "../agents/invocation.ts";
import type { Tool } from "../agents/tool.ts";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { NodeId } from "../ids.ts";
import type { HostParticipant } from "../ledger/host-participant.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { ConditionCheck } from "./condition.ts";
import type { NodeResult } from "./node-execution.ts";
import type { KeptNode } from "./recover.ts";

/** How a plan is to be walked, beyond what the plan itself says. */
export interface ExecutionSettings {
  /** Offered to every agent beside its own tools. */
  readonly tools?: readonly Tool[];
  /** Functions that conditions ask by name (`when.check`). */
  readonly conditions?: Readonly<Record<string, ConditionCheck>>;
  /** How long nodes took in the past, in milliseconds, where it is known: what has most to come starts first. */
  readonly pastDurationsMs?: ReadonlyMap<NodeId, number>;
  /** How many nodes agents may add to the run together; 1,000 by default. */
  readonly maxSpawnedNodes?: number;
  /** How long an agent that says nothing about it (`limits.graceMs`) may take to end after its signal; 5,000 by default. */
  readonly agentGraceMs?: number;
  /** Bounds the state that the agents share, in bytes of JSON; 1 MiB by default. */
  readonly stateLimitBytes?: number;
  /** Between 0 and 1, for the jitter of retries; `Math.random` by default. */
  readonly random?: () => number;
  /** Memory of the process that agents run in, in bytes; resident memory of this one by default. */
  readonly memoryBytes?: () => number;
  /** The run's part in the ledger of this machine; without it the run takes what it needs, and asks nobody. */
  readonly hostLedger?: HostParticipant;
}

/** What the engine of one run is made of. */
export interface ExecutionEngineOptions extends ExecutionSettings {
  readonly plan: Plan;
  readonly agents: AgentRegistry;
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly run: AgentContext["run"];
  readonly user: AgentContext["user"];
  /** Carries messages between agents; without it they cannot send any. */
  readonly send?: AgentSurroundings["send"];
  /** Passes of an interrupted run that need not be repeated. */
  readonly kept?: ReadonlyMap<NodeId, KeptNode>;
  /** Called when the last node has started and the run only waits, and when an agent adds nodes after that. */
  readonly onWaiting?: (isWaiting: boolean) => void;
}

/** How a whole plan ended. */
export interface PlanResult {
  readonly outcome: Outcome;
  readonly nodes: readonly { readonly node: PlanNode; readonly result: NodeResult }[];
}
