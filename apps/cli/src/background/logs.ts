import { createReadStream, existsSync, statSync } from "node:fs";
import { attemptLog, findTask, isFinal, onWake, TaskNotFoundError } from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import type { BackgroundOptions } from "./background-options.ts";
import { nothingHere } from "./nothing-here.ts";
import { withBackground } from "./open-background.ts";

/** How often a log that is followed is looked at. */
const lookMs = 200;

/** `apex bg logs`: what the tests of a task's attempt wrote; of the newest one, and as it comes, if that is asked for. */
export async function logsCommand(reference: string, options: BackgroundOptions): Promise<number> {
  const { attempt: asked, follow } = options;
  const code = await withBackground(options, async ({ queue, place }) => {
    const { id } = await findTask(queue, reference);
    const read = new Map<string, number>();
    for (;;) {
      const task = await queue.get(id);
      if (!task) break;
      const attempts = asked === undefined ? task.attempts.slice(-1) : task.attempts.slice(asked - 1, asked);
      const [attempt] = attempts;
      if (!attempt && asked !== undefined) {
        throw new TaskNotFoundError(`${id} has no attempt ${asked}`, { hint: `it has had ${task.attempts.length}` });
      }
      if (attempt) {
        const file = attemptLog(place, id, attempt.fence);
        read.set(file, await copyFrom(file, read.get(file) ?? 0));
      }
      if (!follow || isFinal(task)) {
        if (!attempt) process.stderr.write(`${id} has not been started yet\n`);
        break;
      }
      await new Promise<void>((resolve) => {
        const stop = onWake(
          place,
          () => {
            stop();
            resolve();
          },
          lookMs,
        );
      });
    }
    return exitCodes.passed;
  });
  return code ?? nothingHere(reference);
}

/** Writes what is in a file from there on to stdout; returns where that ended. */
async function copyFrom(file: string, start: number): Promise<number> {
  if (!existsSync(file)) return start;
  const { size } = statSync(file);
  if (size <= start) return start;
  for await (const block of createReadStream(file, { start, end: size - 1 })) {
    if (!process.stdout.write(block as Buffer)) await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
  return size;
}
