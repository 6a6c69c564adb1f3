import type { ConditionCheck } from "../engine/condition.ts";
import type { Agent } from "./agent.ts";
import { agentProblem, DefinitionError, toolProblem } from "./define.ts";
import type { Tool } from "./tool.ts";

/** An agent, or what makes one for each run: for agents that keep something between their nodes. */
export type AgentSource = Agent | (() => Agent);

/** What a module adds to runs. */
export interface Plugin {
  readonly agents?: readonly AgentSource[];
  /** Offered to every agent. */
  readonly tools?: readonly Tool[];
  /** Functions that `when.check` names. */
  readonly conditions?: Readonly<Record<string, ConditionCheck>>;
}

/** What all plugins of a config add. */
export type Plugins = Required<Plugin>;

/** Defines a plugin. Throws `DefinitionError` for what is none. */
export function definePlugin(plugin: Plugin): Plugin {
  readPlugin(plugin);
  return plugin;
}

/** The agents for one run: what is a factory is called. Throws `DefinitionError` for a factory that makes no agent. */
export function createAgents(sources: readonly AgentSource[]): Agent[] {
  return sources.map((source) => {
    if (typeof source !== "function") return source;
    const agent: unknown = source();
    const problem = agentProblem(agent);
    if (problem !== undefined) throw new DefinitionError(problem);
    return agent as Agent;
  });
}

/** Reads what a module exports: a plugin, an agent, what makes one, or a list of these. Throws `DefinitionError`. */
export function readPlugin(exported: unknown): Plugins {
  if (typeof exported === "function" || isAgentLike(exported)) return readPlugin({ agents: [exported] });
  if (Array.isArray(exported)) return readPlugin({ agents: exported });
  if (typeof exported !== "object" || exported === null) {
    throw new DefinitionError("it exports neither a plugin nor an agent", {
      hint: "export default definePlugin({ agents: [...] }), or an agent",
    });
  }
  const { agents = [], tools = [], conditions = {}, ...rest } = exported as Plugin & Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw new DefinitionError(`a plugin has no "${unknown}"`, { hint: "known: agents, tools, conditions" });
  }
  for (const agent of agents) {
    const problem = typeof agent === "function" ? undefined : agentProblem(agent);
    if (problem !== undefined) throw new DefinitionError(problem);
  }
  for (const tool of tools) {
    const problem = toolProblem(tool);
    if (problem !== undefined) throw new DefinitionError(problem);
  }
  for (const [name, check] of Object.entries(conditions)) {
    if (typeof check !== "function") throw new DefinitionError(`the condition "${name}" must be a function`);
  }
  return { agents, tools, conditions };
}

function isAgentLike(value: unknown): boolean {
  return typeof value === "object" && value !== null && "execute" in value;
}
