import { exportedResult, findTask, isFinal, type TaskView, waitForTask } from "@netra-apex/background-e2e";
import { exitCodeOf, exitCodes } from "@netra-apex/core";
import { plain } from "../table.ts";
import { type BackgroundOptions, durationOf } from "./background-options.ts";
import { nothingHere } from "./nothing-here.ts";
import { withBackground } from "./open-background.ts";
import { verdictText } from "./results.ts";

/** `apex bg wait`: returns when the tasks are over, with the exit code that a run of the worst of them would have. */
export async function waitCommand(references: readonly string[], options: BackgroundOptions): Promise<number> {
  const withinMs = options.timeout === undefined ? Number.POSITIVE_INFINITY : durationOf("--timeout", options.timeout);
  const deadline = Date.now() + withinMs;
  const code = await withBackground(options, async ({ queue, place }) => {
    const codes: number[] = [];
    const ids: string[] = [];
    for (const reference of references) ids.push((await findTask(queue, reference)).id);
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
  return code ?? nothingHere(references[0] ?? "");
}

function codeOf({ state, result }: TaskView): number {
  if (state === "cancelled") return exitCodes.failed;
  if (state === "lost") return exitCodes.infrastructure;
  return result ? exitCodeOf(result.outcome) : exitCodes.infrastructure;
}
