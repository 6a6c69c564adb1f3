import { createReadStream, existsSync, statSync } from "node:fs";
import {
  attemptLog,
  finalStates,
  findTask,
  isFinal,
  TaskNotFoundError,
  type TaskView,
} from "@netra-apex/background-e2e";
import { exitCodes } from "@netra-apex/core";
import type { BackgroundOptions } from "./background-options.ts";
import { nextChange } from "./next-change.ts";
import { nothingHere } from "./nothing-here.ts";
import { listenForEnd } from "./listen-for-end.ts";
import { keepGoing, type OpenBackground, withBackground } from "./open-background.ts";

/** How often a log that is followed is looked at. */
const lookMs = 200;

/**
 * `apex bg logs`: what the tests of a task's attempt wrote; of the newest one, and as it comes, if that is asked for. Where no task is
 * named, of the one that runs, else of the one that ran last.
 */
export async function logsCommand(reference: string | undefined, options: BackgroundOptions): Promise<number> {
  const { attempt: asked, follow } = options;
  const end = listenForEnd();
  const code = await withBackground(options, async (background) => {
    const { queue, place } = background;
    const { id } = reference === undefined ? await lastStarted(queue) : await findTask(queue, reference);
    const read = new Map<string, number>();
    while (!end.signal.aborted) {
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
        if (!attempt) {
          const why = isFinal(task) ? "was never started" : "has not been started yet (--follow waits for it)";
          process.stderr.write(`${id} ${why}\n`);
        }
        break;
      }
      if (!attempt) await keepGoing(background);
      await nextChange(place, lookMs, end.signal);
    }
    return exitCodes.passed;
  });
  end.release();
  return code ?? nothingHere(reference ?? "latest");
}

async function lastStarted(queue: OpenBackground["queue"]): Promise<TaskView> {
  const page = { order: "newest", limit: 100 } as const;
  for (const states of [["running", "starting"] as const, [...finalStates, "retry-wait", "queued"] as const]) {
    const { items } = await queue.list({ states }, page);
    const task = items.find(({ attempts }) => attempts.length > 0);
    if (task) return task;
  }
  return findTask(queue, "latest");
}

/** Writes what is in a file from there on to stdout; returns where that ended. */
async function copyFrom(file: string, start: number): Promise<number> {
  if (!existsSync(file)) return start;
  const { size } = statSync(file);
  if (size <= start) return start;
  for await (const block of createReadStream(file, { start, end: size - 1 })) {
    if (!process.stdout.write(block as Buffer))
      await new Promise((resolve) => process.stdout.once("drain", resolve).once("close", resolve));
  }
  return size;
}
