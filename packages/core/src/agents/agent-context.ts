import type { AgentReportedEvent } from "../events/run-event.ts";
import type { LayerId, NodeId, RunId } from "../ids.ts";

/** Who a run belongs to. */
export interface UserContext {
  readonly userId?: string;
  readonly threadId?: string;
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
  };
  readonly user: UserContext;
  /** Aborted when the tightest deadline is reached or the run is cancelled; the reason is an `Outcome`. */
  readonly signal: AbortSignal;
  /** Says in the stream what the agent is about to do and why. */
  think(note: string): void;
  /** Calls a tool by name: checked, timed, seen in the stream. Throws `UnknownToolError` or `ToolInputError`. */
  callTool<Output = unknown>(name: string, input: unknown): Promise<Output>;
  /** Reports a test's result or output of the node. */
  emit(event: AgentReportedEvent): void;
}
