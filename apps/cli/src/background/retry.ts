import { ensureDaemon, findTask, TaskNotFoundError, wake } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import { apexVersion } from "../version.ts";
import type { BackgroundOptions } from "./background-options.ts";
import { nothingHere } from "./nothing-here.ts";
import { withBackground } from "./open-background.ts";

/** `apex bg retry`: sends tasks that are over back to the queue, as they were queued then. */
export async function retryCommand(references: readonly string[], options: BackgroundOptions): Promise<number> {
  const code = await withBackground(options, async ({ queue, place }) => {
    for (const reference of references) {
      const { id } = await findTask(queue, reference);
      const answer = await queue.redrive(id, { kind: "person" });
      if (answer === "unknown") throw new TaskNotFoundError(`there is no task ${id}`);
      if (options.json) process.stdout.write(`${JSON.stringify({ task_id: id, requeued: answer === "requeued" })}\n`);
      else process.stdout.write(`${id}  ${answer === "requeued" ? "queued again" : "is not over"}\n`);
    }
    wake(place);
    await ensureDaemon(queue, place, { version: apexVersion, isAsked: true });
    return exitCodes.passed;
  });
  return code ?? nothingHere(references[0] ?? "");
}
