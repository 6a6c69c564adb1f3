import { describeThrown, type NotifySettings } from "@netra-apex/core";
import type { FinalTaskState } from "../queue/task.ts";
import type { TaskView } from "../queue/queue-backend.ts";
import { finishedText, shouldNotify } from "./finished-text.ts";

/** A task that is over. */
export interface FinishedTask {
  readonly task: TaskView;
  /** How the last task of the same category and environment before it ended that was not cancelled; absent for the first one. */
  readonly previous?: FinalTaskState;
  /** Its exported result, absolute. */
  readonly resultFile: string;
}

/** How to tell of it. */
export interface NotifyOptions {
  readonly settings: NotifySettings;
  /** Where the command runs. */
  readonly projectRoot: string;
  /** The worker's log. */
  readonly log: (level: "info" | "warn", message: string) => void;
  /** Of each try of each way; 10,000 by default. */
  readonly deadlineMs?: number;
  /** Before a webhook is tried a second time; 1,000 by default. */
  readonly retryDelayMs?: number;
  /** The worker's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gives up what is still under way. */
  readonly signal?: AbortSignal;
}

/** What a way to tell of a task gets. */
export interface Notice {
  readonly task: TaskView;
  /** One line for people. */
  readonly text: string;
  readonly resultFile: string;
  /** The content of the file, JSON. */
  readonly result: string;
  readonly projectRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly retryDelayMs: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Tells people and programs that a task is over, in every way that the config asks for, all at once. Never throws: what does not work is
 * a line in the worker's log, and nothing else. Resolves when all of it is over, at most two deadlines later.
 */
export async function notifyFinished(finished: FinishedTask, options: NotifyOptions): Promise<void> {
  const { task, previous, resultFile } = finished;
  const { settings, log } = options;
  if (!shouldNotify(task.state, previous, settings.on)) return;
  const text = finishedText(task, previous);
  if (settings.isLogged) log("info", text);

  const attempt = async (way: string, tell: () => Promise<void>): Promise<void> => {
    try {
      await tell();
    } catch (error) {
      log("warn", `${task.id}: ${way}: ${describeThrown(error)}`);
    }
  };
  const { env = process.env, deadlineMs = 10_000, retryDelayMs = 1_000, projectRoot, signal } = options;
  const notice = async (needsResult: boolean): Promise<Notice> => ({
    ...{ task, text, resultFile, projectRoot, env, deadlineMs, retryDelayMs },
    result: needsResult ? await readResult(resultFile) : "",
    ...(signal ? { signal } : {}),
  });
  const { command, webhook, desktop } = settings;
  await Promise.all([
    command &&
      attempt("the command of background.notify", async () => {
        const { notifyByCommand } = await import("./notify-by-command.ts");
        await notifyByCommand(command, await notice(true));
      }),
    webhook !== undefined &&
      attempt("the webhook of background.notify", async () => {
        const { notifyByWebhook } = await import("./notify-by-webhook.ts");
        await notifyByWebhook(webhook, await notice(true));
      }),
    desktop !== "never" &&
      attempt("the message on the desktop", async () => {
        const { notifyOnDesktop } = await import("./notify-on-desktop.ts");
        await notifyOnDesktop(desktop, await notice(false));
      }),
  ]);
}

async function readResult(file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(file, "utf8");
}
