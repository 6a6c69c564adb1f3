import { createAgents, type Plugins } from "../agents/plugin.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import { didYouMean } from "./suggest.ts";
import type { WrittenConfig } from "./written-config.ts";

/** What categories ask of plugins, and no plugin has. */
export function checkPluginNames(written: WrittenConfig, plugins: Plugins, problem: Locate): ConfigProblem[] {
  const agents = createAgents(plugins.agents).map((agent) => agent.name);
  const conditions = Object.keys(plugins.conditions);
  const problems: ConfigProblem[] = [];
  for (const [name, { agent, when }] of Object.entries(written.categories ?? {})) {
    const at = ["categories", name];
    if (agent !== undefined && !agents.includes(agent)) {
      problems.push(problem(`no plugin has an agent "${agent}"`, [...at, "agent"], hintFor(agent, agents)));
    }
    const check = when?.check;
    if (check !== undefined && !conditions.includes(check)) {
      problems.push(
        problem(`no plugin has a condition "${check}"`, [...at, "when", "check"], hintFor(check, conditions)),
      );
    }
  }
  return problems;
}

function hintFor(name: string, known: readonly string[]): string {
  return didYouMean(name, known) ?? "add the module that has it under plugins:";
}
