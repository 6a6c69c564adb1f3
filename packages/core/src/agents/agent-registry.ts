import { ApexError } from "../apex-error.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Agent } from "./agent.ts";

/** A plan names an agent that nobody registered. */
export class UnknownAgentError extends ApexError {
  readonly code = "APEX_UNKNOWN_AGENT";

  constructor(name: string, known: readonly string[]) {
    const hint = didYouMean(name, known);
    super(`there is no agent "${name}"`, hint === undefined ? {} : { hint });
  }
}

/** Two agents of one run have the same name. */
export class DuplicateAgentError extends ApexError {
  readonly code = "APEX_DUPLICATE_AGENT";

  constructor(name: string) {
    super(`there are two agents "${name}"`);
  }
}

/** The agents of one run, by name. */
export class AgentRegistry {
  readonly #agents = new Map<string, Agent>();

  /** Throws `DuplicateAgentError`. */
  constructor(agents: Iterable<Agent>) {
    for (const agent of agents) {
      if (this.#agents.has(agent.name)) throw new DuplicateAgentError(agent.name);
      this.#agents.set(agent.name, agent);
    }
  }

  /** In the order of registration. */
  all(): Agent[] {
    return [...this.#agents.values()];
  }

  /** Throws `UnknownAgentError`, with the name that was probably meant. */
  get(name: string): Agent {
    const agent = this.#agents.get(name);
    if (!agent) throw new UnknownAgentError(name, [...this.#agents.keys()]);
    return agent;
  }
}
