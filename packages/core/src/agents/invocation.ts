import * as z from "zod/mini";
import { ApexError, describeThrown } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import { didYouMean } from "../config/suggest.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { AgentReportedEvent } from "../events/run-event.ts";
import type { Agent } from "./agent.ts";
import type { AgentContext } from "./agent-context.ts";
import type { Tool } from "./tool.ts";

/** An agent called a tool that neither it nor the run offers. */
export class UnknownToolError extends ApexError {
  readonly code = "APEX_UNKNOWN_TOOL";

  constructor(name: string, known: readonly string[]) {
    const hint = didYouMean(name, known);
    super(`there is no tool "${name}"`, hint === undefined ? {} : { hint });
  }
}

/** An agent called a tool with an input that the tool's schema refuses. */
export class ToolInputError extends ApexError {
  readonly code = "APEX_TOOL_INPUT_INVALID";

  constructor(tool: string, cause: z.core.$ZodError) {
    super(`the input of the tool "${tool}" is invalid: ${z.prettifyError(cause)}`, { cause });
  }
}

interface InvocationOptions {
  readonly agent: Agent;
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly facts: Pick<AgentContext, "run" | "node" | "user">;
}

/** One invocation's context, and the switch that silences it once the engine has moved on. */
export interface Invocation {
  readonly context: AgentContext;
  /** From now on nothing that the agent still says reaches the stream: it is over, and events must not follow it. */
  close(): void;
}

/** Makes the context of one invocation of an agent. */
export function openInvocation({ agent, stream, clock, signal, facts }: InvocationOptions): Invocation {
  const of = { nodeId: facts.node.id, attempt: facts.node.attempt };
  const openCalls = new Map<number, { readonly tool: string; readonly startedMs: number }>();
  let isOpen = true;
  let calls = 0;

  const emit = (event: AgentReportedEvent): void => {
    if (isOpen) stream.emit({ ...event, ...of });
  };
  const endCall = (callId: number, error?: unknown): void => {
    const call = openCalls.get(callId);
    if (!call) return;
    openCalls.delete(callId);
    const durationMs = clock.monotonicMs() - call.startedMs;
    const failure = error === undefined ? {} : { error: describeThrown(error) };
    stream.emit({ type: "tool_completed", ...of, agent: agent.name, tool: call.tool, callId, durationMs, ...failure });
  };

  const context: AgentContext = {
    ...facts,
    signal,
    emit,
    think(note) {
      if (isOpen) stream.emit({ type: "agent_thinking", ...of, agent: agent.name, note });
    },
    async callTool<Output>(name: string, input: unknown): Promise<Output> {
      const tool = findTool(agent, name);
      const parsed = z.safeParse(tool.input, input);
      if (!parsed.success) throw new ToolInputError(name, parsed.error);
      if (!isOpen) throw signal.reason;
      const callId = ++calls;
      openCalls.set(callId, { tool: name, startedMs: clock.monotonicMs() });
      stream.emit({ type: "tool_executing", ...of, agent: agent.name, tool: name, callId, input });
      try {
        const output: unknown = await tool.run(parsed.data, { signal, emit });
        endCall(callId);
        return output as Output;
      } catch (error) {
        endCall(callId, error);
        throw error;
      }
    },
  };

  return {
    context,
    close() {
      // A call that never came back still gets its end, so that the stream stays balanced.
      for (const callId of [...openCalls.keys()]) endCall(callId, "given up");
      isOpen = false;
    },
  };
}

function findTool(agent: Agent, name: string): Tool {
  const tool = agent.tools?.find((candidate) => candidate.name === name);
  if (!tool) throw new UnknownToolError(name, agent.tools?.map((candidate) => candidate.name) ?? []);
  return tool;
}
