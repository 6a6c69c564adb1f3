import type { AgentReportedEvent } from "../events/run-event.ts";
import type { Evidence } from "../layers/category.ts";
import type { Schema } from "./schema.ts";

/** What a tool gets beside its input. */
export interface ToolContext {
  /** Aborted when the tool's or the node's time is up or the run is cancelled; the reason is an `Outcome` or an error. */
  readonly signal: AbortSignal;
  /** The node's own variables (`AgentContext.node.env`), which the stream does not show. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reports a test or output on behalf of the node. */
  readonly emit: (event: AgentReportedEvent) => void;
}

/** A capability that an agent calls through its context, so that the call is seen in the stream. */
export interface Tool<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly description: string;
  /** A schema of zod (or zod/mini), checked before each call; what fails it is refused and the tool is not entered. */
  readonly input: Schema<Input>;
  /** Checked after each call; what fails it never reaches the agent. */
  readonly output?: Schema<Output>;
  /** Milliseconds that one call may take; the node's deadline alone when absent. */
  readonly timeoutMs?: number;
  /** What its answers prove; a mock says `mocked`, and a node that called it proves no more than that. */
  readonly evidence?: Evidence;
  run(input: Input, context: ToolContext): Promise<Output>;
}
