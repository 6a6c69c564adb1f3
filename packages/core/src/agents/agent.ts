import type { NodeEvidence } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import type { TestCounts } from "../test-result.ts";
import type { AgentContext } from "./agent-context.ts";
import type { Tool } from "./tool.ts";

/** What an agent may use over a whole run, outside any one node. */
export interface AgentHost {
  readonly projectRoot: string;
  readonly signal: AbortSignal;
}

/**
 * Code that does a node's work. Everything for one invocation arrives in the context; nothing is global.
 *
 * `execute` resolves with any output. An output that carries an `outcome` (see {@link AgentReport}) decides the node's;
 * any other output means that the node passed. A rejection means misuse or a bug, and makes the node `errored`.
 */
export interface Agent<Input = unknown, Output = unknown> {
  readonly name: string;
  /** Tools that this agent's context offers beside the run's own. */
  readonly tools?: readonly Tool[];
  execute(input: Input, context: AgentContext): Promise<Output>;
  /** Called once per run, before the first node. */
  start?(host: AgentHost): Promise<void>;
  /** Called once per run on every exit path, in reverse order of `start`. */
  stop?(): Promise<void>;
}

/** An output that decides the node's outcome. */
export interface AgentReport {
  readonly outcome: Outcome;
  readonly counts?: TestCounts;
  readonly evidence?: NodeEvidence;
}
