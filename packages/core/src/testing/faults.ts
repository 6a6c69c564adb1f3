import type { Agent } from "../agents/agent.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import { type Clock, delay, systemClock } from "../clock.ts";

/**
 * What goes wrong with an agent:
 * - `crash`: it throws.
 * - `hang`: it neither ends nor listens to its signal.
 * - `slow`: it works `ms` (1,000 when absent) longer, listening to its signal.
 * - `flood`: it says `count` (10,000 when absent) things at once.
 * - `leak-call`: it ends while a tool that it called is still at work.
 */
export type Fault =
  | { readonly kind: "crash"; readonly error?: Error }
  | { readonly kind: "hang" }
  | { readonly kind: "slow"; readonly ms?: number; readonly clock?: Clock }
  | { readonly kind: "flood"; readonly count?: number }
  | { readonly kind: "leak-call"; readonly tool: string; readonly input?: unknown };

/** Which attempts a fault hits, 1 being the first; all when absent. */
export interface FaultOptions {
  readonly attempts?: readonly number[];
}

/** An agent with a fault: the same agent, but for the attempts that the fault hits. */
export function withFault<Input, Output>(
  agent: Agent<Input, Output>,
  fault: Fault,
  { attempts }: FaultOptions = {},
): Agent<Input, Output> {
  // Its own properties and what its class gives it, with only `execute` in front.
  return Object.assign(Object.create(agent) as Agent<Input, Output>, {
    async execute(input: Input, context: AgentContext): Promise<Output> {
      if (attempts === undefined || attempts.includes(context.node.attempt)) await strike(fault, context);
      return agent.execute(input, context);
    },
  });
}

async function strike(fault: Fault, context: AgentContext): Promise<void> {
  switch (fault.kind) {
    case "crash":
      throw fault.error ?? new Error("injected crash");
    case "hang":
      return new Promise(() => undefined);
    case "slow":
      return delay(fault.clock ?? systemClock, fault.ms ?? 1_000, context.signal);
    case "flood":
      for (let count = 0; count < (fault.count ?? 10_000); count += 1) context.think(`flood ${count}`);
      return undefined;
    case "leak-call":
      void context.callTool(fault.tool, fault.input ?? {}).catch(() => undefined);
      return undefined;
    default:
      return fault satisfies never;
  }
}
