import { type CategoryTask, layerExecutionAgentName, type Plan } from "@netra-apex/core";
import { readLastRun } from "./last-run-file.ts";
import { commandOf } from "./last-run-recorder.ts";

/** How many tests each category of the plan had when it passed last, with the same command. Never throws. */
export function lastPasses({ projectRoot, environment, nodes }: Plan): ReadonlyMap<string, number> {
  try {
    const passes = readLastRun(projectRoot)?.environments[environment]?.passes ?? {};
    const tasks = nodes.filter((node) => node.agent === layerExecutionAgentName && !node.skip);
    return new Map(
      tasks.flatMap(({ input }) => {
        const task = input as CategoryTask;
        const pass = Object.hasOwn(passes, task.category) ? passes[task.category] : undefined;
        return pass?.command === commandOf(task) ? [[task.category, pass.tests] as const] : [];
      }),
    );
  } catch {
    // A damaged file is told of when it is written anew.
    return new Map();
  }
}
