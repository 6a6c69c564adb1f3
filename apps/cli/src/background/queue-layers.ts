import { type EnqueuedCategory, isFinal, type TaskId, type TaskView } from "@netra-apex/background-e2e";
import { type Config, formatDuration } from "@netra-apex/core";
import type { CliOptions } from "../flags.ts";
import { addTasks } from "./add.ts";
import { openBackground } from "./open-background.ts";

/** Queues the background part of a run mode; returns the ids. `say` is told of each task. Throws what queueing throws. */
export async function queueLayers(
  config: Config,
  categories: readonly string[],
  { config: file, snapshot, profile, realServices, realLlm, backgroundTimeout }: CliOptions,
  say: (task: EnqueuedCategory) => void,
): Promise<readonly TaskId[]> {
  const options = {
    ...(backgroundTimeout === undefined ? {} : { timeoutMs: backgroundTimeout * 60_000 }),
    ...(profile === undefined ? {} : { profile }),
    ...(realServices ? { useRealServices: true } : {}),
    ...(realLlm ? { useRealLlm: true } : {}),
  };
  const tasks = await addTasks(config, categories, options, {
    ...(file === undefined ? {} : { config: file }),
    ...(snapshot ? { snapshot } : {}),
  });
  for (const task of tasks) say(task);
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
  if (attempt && (state === "starting" || state === "running")) {
    return `still runs, for ${formatDuration(Math.max(0, Date.now() - attempt.startedMs))}`;
  }
  if (!isFinal({ state })) return ahead ? `${state}, ${ahead} before it` : state;
  const said = result && "reason" in result.outcome ? result.outcome.reason : reason;
  return state === "completed" ? "passed" : `${state}${said === undefined ? "" : `: ${said}`}`;
}
