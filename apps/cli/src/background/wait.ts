import { exportedResult, findTask, isFinal, type TaskView, waitForTask } from "@netra-apex/background-e2e";
import { exitCodeOf, exitCodes } from "@netra-apex/core";
import { plain } from "../table.ts";
import { type BackgroundOptions, durationOf } from "./background-options.ts";
import { openTasks } from "./open-tasks.ts";
import { nothingHere } from "./nothing-here.ts";
import { keepGoing, withBackground } from "./open-background.ts";
import { verdictText } from "./results.ts";

/** `apex bg wait`: returns when the tasks (all that run or wait where none is named) are over, with the exit code that a run of the worst of them would have. */
export async function waitCommand(references: readonly string[], options: BackgroundOptions): Promise<number> {
  const withinMs = options.timeout === undefined ? Number.POSITIVE_INFINITY : durationOf("--timeout", options.timeout);
  const deadline = Date.now() + withinMs;
  const code = await withBackground(options, async (background) => {
    const { queue, place } = background;
    const codes: number[] = [];
    const named: string[] = [];
    for (const reference of references) named.push((await findTask(queue, reference)).id);
    const ids = references.length === 0 ? await openTasks(queue) : new Set(named);
    const why = await keepGoing(background);
    if (why !== undefined) process.stderr.write(`note  ${why}\n`);
    for (const id of ids) {
      const task = await waitForTask(queue, place, id, { until: isFinal, withinMs: deadline - Date.now() });
      if (!task) continue;
      if (!isFinal(task)) {
        process.stderr.write(`${id} is still ${task.state} after ${options.timeout ?? ""}\n`);
        codes.push(exitCodes.budgetExceeded);
        continue;
      }
      const result = exportedResult(task, place);
      const message = result.error_message === null ? "" : `: ${plain(result.error_message)}`;
      process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${id}  ${verdictText(result)}${message}\n`);
      codes.push(codeOf(task));
    }
    return codes.find((one) => one !== exitCodes.passed) ?? exitCodes.passed;
  });
  if (code !== undefined) return code;
  return references[0] === undefined ? exitCodes.passed : nothingHere(references[0]);
}

function codeOf({ state, result }: TaskView): number {
  if (state === "cancelled") return exitCodes.failed;
  if (state === "lost") return exitCodes.infrastructure;
  return result ? exitCodeOf(result.outcome) : exitCodes.infrastructure;
}
