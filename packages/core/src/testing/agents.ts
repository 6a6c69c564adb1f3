import type { Agent, AgentReport } from "../agents/agent.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import type { Outcome } from "../outcome.ts";

/** An agent that does what one function does: the shortest way to a node with some behaviour. */
export function scriptedAgent<Input = unknown>(
  name: string,
  work: (input: Input, context: AgentContext) => unknown,
  rest: Partial<Agent<Input>> = {},
): Agent<Input> {
  return { ...rest, name, execute: async (input, context) => work(input, context) };
}

/** An agent whose outcome depends on a condition, asked anew for each attempt. */
export function conditionalAgent<Input = unknown>(
  name: string,
  holds: (input: Input, context: AgentContext) => boolean | Promise<boolean>,
  otherwise: Outcome = { status: "failed", reason: "the condition did not hold" },
): Agent<Input, AgentReport> {
  return {
    name,
    execute: async (input, context) => ({ outcome: (await holds(input, context)) ? { status: "passed" } : otherwise }),
  };
}

/** What a {@link ResourceTrackingAgent} holds. */
export interface TrackedResource {
  readonly nodeId: string;
  readonly attempt: number;
}

/** An agent that opens something for each attempt, and knows whether all of it has been closed again. */
export class ResourceTrackingAgent implements Agent {
  readonly name: string;
  readonly #open = new Set<TrackedResource>();
  readonly #work: (context: AgentContext) => unknown;
  #peak = 0;
  #opened = 0;

  /** `work` is done while the resource is open. */
  constructor(name = "resource-tracking", work: (context: AgentContext) => unknown = () => undefined) {
    this.name = name;
    this.#work = work;
  }

  /** Open now. */
  get open(): readonly TrackedResource[] {
    return [...this.#open];
  }

  /** Most that were open at one time. */
  get peak(): number {
    return this.#peak;
  }

  /** Opened so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Opens a resource, works, and closes it on every path. */
  async execute(_input: unknown, context: AgentContext): Promise<unknown> {
    const resource = { nodeId: context.node.id, attempt: context.node.attempt };
    this.#open.add(resource);
    this.#opened += 1;
    this.#peak = Math.max(this.#peak, this.#open.size);
    try {
      return await this.#work(context);
    } finally {
      this.#open.delete(resource);
    }
  }
}
