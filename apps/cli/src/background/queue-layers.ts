import { finalStates, type TaskId, type TaskView } from "@netra-apex/background-e2e";
import { type Config, formatDuration } from "@netra-apex/core";
import type { CliOptions } from "../flags.ts";
import { addTasks, lineOf } from "./add.ts";
import { openBackground } from "./open-background.ts";

/** Queues the background part of a run mode; returns the ids. Says on stderr what was queued. Throws what queueing throws. */
export async function queueLayers(
  config: Config,
  categories: readonly string[],
  { config: file, snapshot, realServices, realLlm, json }: CliOptions,
): Promise<readonly TaskId[]> {
  const options = {
    ...(realServices ? { useRealServices: true } : {}),
    ...(realLlm ? { useRealLlm: true } : {}),
  };
  const tasks = await addTasks(config, categories, options, {
    ...(file === undefined ? {} : { config: file }),
    ...(snapshot ? { snapshot } : {}),
  });
  const to = json ? process.stderr : process.stdout;
  for (const task of tasks) to.write(`background  ${lineOf(task)}\n`);
  return tasks.map(({ taskId }) => taskId);
}

/** How the tasks of a run mode stand when its foreground part is over, a line each. */
export async function queuedLines(config: Config, ids: readonly TaskId[]): Promise<string[]> {
  const { queue } = await openBackground(config);
  try {
    const tasks: TaskView[] = [];
    for (const id of ids) {
      const task = await queue.get(id);
      if (task) tasks.push(task);
    }
    return tasks.map((task) => `background  ${task.id}  ${stateText(task)}`);
  } finally {
    await queue.close();
  }
}

function stateText({ state, attempts, ahead, result, reason }: TaskView): string {
  const attempt = attempts.at(-1);
  const since = attempt ? formatDuration(Math.max(0, Date.now() - attempt.startedMs)) : "";
  if (state === "starting" || state === "running") return `still running, since ${since}`;
  if (!(finalStates as ReadonlySet<string>).has(state)) return ahead ? `${state}, ${ahead} before it` : state;
  const said = result && "reason" in result.outcome ? result.outcome.reason : reason;
  return state === "completed" ? "passed" : `${state}${said === undefined ? "" : `: ${said}`}`;
}
