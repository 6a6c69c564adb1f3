import { type Cancelled, cancelTask, findTask } from "@netra-apex/background-e2e";
import { exitCodes, SelectionError } from "@netra-apex/core";
import type { BackgroundOptions } from "./background-options.ts";
import { nothingHere } from "./nothing-here.ts";
import { openTasks } from "./open-tasks.ts";
import { type OpenBackground, withBackground } from "./open-background.ts";

/** How many are cancelled at once. */
const mostAtOnce = 100;

/** `apex bg cancel`: returns when nothing of the tasks runs any more. */
export async function cancelCommand(references: readonly string[], options: BackgroundOptions): Promise<number> {
  const { all = false, json, reason } = options;
  if (all === references.length > 0) {
    throw new SelectionError(all ? "--all leaves nothing to name" : "which task? Name it, or give --all", {
      hint: "apex bg status lists them",
    });
  }
  const code = await withBackground(options, async ({ queue, place }) => {
    const ids = all ? await openTasks(queue) : await idsOf(queue, references);
    const by = { kind: "person" } as const;
    for (let from = 0; from < ids.length; from += mostAtOnce) {
      const part = ids.slice(from, from + mostAtOnce);
      const cancelled = await Promise.all(
        part.map((id) => cancelTask(queue, place, id, { by, ...(reason === undefined ? {} : { reason }) })),
      );
      for (const [index, one] of cancelled.entries()) tell(part[index] ?? "", one, json);
    }
    if (ids.length === 0 && !json) process.stdout.write("nothing runs or waits\n");
    return exitCodes.passed;
  });
  if (code !== undefined) return code;
  if (!all) return nothingHere(references[0] ?? "");
  if (!json) process.stdout.write("nothing runs or waits\n");
  return exitCodes.passed;
}

async function idsOf(queue: OpenBackground["queue"], references: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const reference of references) ids.push((await findTask(queue, reference)).id);
  return [...new Set(ids)];
}

function tell(id: string, cancelled: Cancelled, json: boolean | undefined): void {
  if (json) {
    const state = cancelled.kind === "unknown" ? null : cancelled.task.state;
    process.stdout.write(
      `${JSON.stringify({ task_id: id, cancelled: cancelled.kind === "cancelled", status: state })}\n`,
    );
    return;
  }
  if (cancelled.kind === "unknown") return;
  const { state } = cancelled.task;
  if (cancelled.kind === "already-final" || state !== "cancelled") {
    process.stdout.write(`${id}  was over already: ${state}\n`);
    return;
  }
  process.stdout.write(
    `${id}  cancelled${cancelled.wasRunning ? ", nothing of it runs any more" : ", it never starts"}\n`,
  );
}
