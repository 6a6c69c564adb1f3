import { ApexError } from "../apex-error.ts";
import type { Agent } from "./agent.ts";
import type { Schema } from "./schema.ts";
import type { Tool } from "./tool.ts";

/** What should be an agent or a tool is not one. */
export class DefinitionError extends ApexError {
  readonly code = "APEX_DEFINITION_INVALID";
}

/**
 * Defines an agent and gives its `execute` the type of its `input` schema. Throws `DefinitionError` for what is not an
 * agent, so that a plugin written without types fails where it is written.
 */
export function defineAgent<Input, Output>(
  agent: Agent<Input, Output> & { readonly input: Schema<Input> },
): Agent<Input, Output>;
/** Defines an agent that takes any input. Throws `DefinitionError` for what is not an agent. */
export function defineAgent<Output, Input = unknown>(agent: Agent<Input, Output>): Agent<Input, Output>;
export function defineAgent(agent: Agent): Agent {
  const problem = agentProblem(agent);
  if (problem !== undefined) throw new DefinitionError(problem);
  return agent;
}

/** Defines a tool and gives its `run` the types of its schemas. Throws `DefinitionError` for what is not a tool. */
export function defineTool<Input, Output>(tool: Tool<Input, Output>): Tool<Input, Output> {
  const problem = toolProblem(tool);
  if (problem !== undefined) throw new DefinitionError(problem);
  return tool;
}

const optionalMethods = ["start", "stop", "health", "handleMessage", "onEvent", "createReporter"] as const;

/** Why a value of unknown origin is not an agent. */
export function agentProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "an agent is an object with a name and an execute function";
  const agent = value as Partial<Record<keyof Agent, unknown>>;
  if (!isName(agent.name)) return "an agent needs a name";
  const called = `the agent "${agent.name}"`;
  if (typeof agent.execute !== "function") return `${called} needs an execute function`;
  for (const method of optionalMethods) {
    if (agent[method] !== undefined && typeof agent[method] !== "function")
      return `${method} of ${called} must be a function`;
  }
  if (agent.input !== undefined && !isSchema(agent.input)) return `the input of ${called} must be a schema of zod`;
  if (agent.requires !== undefined && !isListOf(agent.requires, isName))
    return `requires of ${called} must list names of agents`;
  if (agent.tools === undefined) return undefined;
  if (!Array.isArray(agent.tools)) return `the tools of ${called} must be a list`;
  const names = new Set<string>();
  for (const tool of agent.tools) {
    const problem = toolProblem(tool);
    if (problem !== undefined) return `${called}: ${problem}`;
    const { name } = tool as Tool;
    if (names.has(name)) return `${called} has two tools "${name}"`;
    names.add(name);
  }
  return undefined;
}

/** Why a value of unknown origin is not a tool. */
export function toolProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null)
    return "a tool is an object with a name, an input schema and a run function";
  const tool = value as Partial<Record<keyof Tool, unknown>>;
  if (!isName(tool.name)) return "a tool needs a name";
  const called = `the tool "${tool.name}"`;
  if (typeof tool.description !== "string") return `${called} needs a description`;
  if (!isSchema(tool.input)) return `${called} needs an input schema of zod`;
  if (tool.output !== undefined && !isSchema(tool.output)) return `the output of ${called} must be a schema of zod`;
  if (typeof tool.run !== "function") return `${called} needs a run function`;
  const { timeoutMs } = tool;
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0))
    return `timeoutMs of ${called} must be a positive number of milliseconds`;
  return undefined;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isListOf(value: unknown, isOne: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((entry) => isOne(entry));
}

/** Schemas of any copy of zod 4, classic or mini, carry `_zod`. */
function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && "_zod" in value;
}
