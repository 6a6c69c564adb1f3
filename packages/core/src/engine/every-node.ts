import type { StateStore } from "../agents/state-store.ts";
import type { ExecutionEngineOptions } from "./engine-options.ts";
import { explainers } from "./explain-failure.ts";
import type { NodeExecutionOptions } from "./node-execution.ts";

/** How long an agent that says nothing about it may take to end after its signal. */
export const defaultAgentGraceMs = 5_000;

/** What the execution of every node of a run is given alike. */
export type EveryNode = Pick<NodeExecutionOptions, "surroundings" | "graceMs" | "random" | "memoryBytes" | "explain">;

/** See {@link EveryNode}. */
export function everyNode(options: ExecutionEngineOptions, state: StateStore): EveryNode {
  const { stream, clock, tools = [], send, agents, agentGraceMs: graceMs = defaultAgentGraceMs } = options;
  return {
    surroundings: { stream, clock, state, tools, send },
    graceMs,
    random: options.random ?? Math.random,
    memoryBytes: options.memoryBytes ?? (() => process.memoryUsage.rss()),
    explain: explainers(agents.all()),
  };
}
