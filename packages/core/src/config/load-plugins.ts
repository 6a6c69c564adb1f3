import { createAgents, type Plugins, readPlugin } from "../agents/plugin.ts";
import { describeThrown, isApexError } from "../apex-error.ts";
import { importFromProject, importHint } from "./import-from-project.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";

/** What all plugins add, and what is wrong with those that could not be used. */
export interface LoadedPlugins {
  readonly plugins: Plugins;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Loads the modules under `plugins:`, in their order: a path (`./…`, relative to the project's root; TypeScript is
 * stripped of its types by Node) or the name of a package that the project can import.
 */
export async function loadPlugins(
  specifiers: readonly string[],
  projectRoot: string,
  problem: Locate,
): Promise<LoadedPlugins> {
  const loaded: Plugins[] = [];
  const problems: ConfigProblem[] = [];
  const homes = new Map<string, string>();
  for (const [index, specifier] of specifiers.entries()) {
    const say = (message: string, hint?: string): void => {
      problems.push(problem(`the plugin ${specifier} ${message}`, ["plugins", index], hint));
    };
    try {
      const plugin = readPlugin(await importPlugin(specifier, projectRoot));
      // Made once here only for their names: each run makes its own.
      for (const { name } of createAgents(plugin.agents)) {
        const other = homes.get(name);
        if (other !== undefined) say(`has an agent "${name}", as ${other} does`, "rename one of them");
        homes.set(name, specifier);
      }
      loaded.push(plugin);
    } catch (error) {
      const hint = isApexError(error) ? error.hint : importHint(error);
      say(`cannot be used: ${describeThrown(error)}`, hint);
    }
  }
  const plugins = {
    agents: loaded.flatMap((plugin) => plugin.agents),
    tools: loaded.flatMap((plugin) => plugin.tools),
    conditions: Object.assign({}, ...loaded.map((plugin) => plugin.conditions)) as Plugins["conditions"],
  };
  return { plugins, problems };
}

async function importPlugin(specifier: string, projectRoot: string): Promise<unknown> {
  const module = await importFromProject(specifier, projectRoot);
  return module["default"] ?? module["plugin"];
}
